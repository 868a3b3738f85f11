/** The values that a template computes with: the library's, told apart by what they hold. */
import { Interpreter, Scope, type JinjaNode, type RuntimeValue } from "./jinja-library.ts"

/** A number, text, a truth, none, a list of values or a map of them as a value. Whole numbers are integers. */
export const runtimeValue = (value: unknown): RuntimeValue => new Scope().set("value", value)

const literal = (node: JinjaNode & { readonly value: unknown }): RuntimeValue =>
  new Interpreter(new Scope()).evaluate(node, new Scope())

/** A float, of a whole number too. */
export const floatValue = (value: number): RuntimeValue => literal({ type: "FloatLiteral", value })

const sequence =
  (type: "ArrayLiteral" | "TupleLiteral") =>
  (items: Iterable<RuntimeValue>): RuntimeValue => {
    const made = literal({ type, value: [] })
    made.value = [...items]
    return made
  }

export const listValue = sequence("ArrayLiteral")
export const tupleValue = sequence("TupleLiteral")

/** The entries of a map as Python's `items` gives them: tuples. */
export const itemsOf = (entries: Iterable<readonly [string, RuntimeValue]>): RuntimeValue =>
  listValue(Array.from(entries, ([key, value]) => tupleValue([runtimeValue(key), value])))

export const textOf = ({ value }: RuntimeValue): string | undefined => (typeof value === "string" ? value : undefined)

export const isUndefined = ({ type }: RuntimeValue): boolean => type === "UndefinedValue"

/** `none`, whose value the library leaves undefined in some places. */
export const isNone = ({ type }: RuntimeValue): boolean => type === "NullValue"

/** Python's `len(...)` and slices count characters, not UTF-16 units. */
export const characters = (text: string): ReadonlyArray<string> => Array.from(text)

const typeNames: Readonly<Record<string, string>> = {
  ArrayValue: "list",
  BooleanValue: "bool",
  FloatValue: "float",
  FunctionValue: "function",
  IntegerValue: "int",
  NamespaceValue: "Namespace",
  NullValue: "NoneType",
  ObjectValue: "dict",
  StringValue: "str",
  TupleValue: "tuple",
  UndefinedValue: "Undefined"
}

/** Python's name of its type, for messages. */
export const pythonType = ({ type }: RuntimeValue): string => typeNames[type] ?? type

/** Python's `==`: no value equals one of another type, but truths and numbers; lists and maps by what they hold. */
export const equal = (a: RuntimeValue, b: RuntimeValue): boolean => {
  const [left, right] = [a.value, b.value]
  if (isNone(a) || isUndefined(a)) return a.type === b.type
  if (Array.isArray(left) && Array.isArray(right)) {
    return (
      a.type === b.type &&
      left.length === right.length &&
      left.every((item, i) => right[i] !== undefined && equal(item, right[i]))
    )
  }
  if (left instanceof Map && right instanceof Map) {
    return (
      left.size === right.size &&
      [...left].every(([key, item]) => {
        const other = right.get(key)
        return other !== undefined && equal(item, other)
      })
    )
  }
  const number = (value: unknown): unknown => (typeof value === "boolean" ? Number(value) : value)
  return number(left) === number(right)
}
