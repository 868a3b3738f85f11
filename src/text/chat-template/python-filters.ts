/** Jinja's filters where `@huggingface/jinja` answers otherwise than Python, or refuses what templates write. */
import { pythonText } from "./python-text.ts"
import { capitalize, floatOf, intOf, strip, titleFilter } from "./python-strings.ts"
import { characters, floatValue, isUndefined, itemsOf, pythonType, runtimeValue, textOf } from "./runtime-value.ts"
import type { RuntimeValue } from "./jinja-library.ts"

export interface FilterArguments {
  readonly positional: ReadonlyArray<RuntimeValue>
  readonly named: ReadonlyMap<string, RuntimeValue>
}

/** undefined: the library's own filter answers. */
type Filter = (operand: RuntimeValue, given: FilterArguments) => RuntimeValue | undefined

const argument = ({ positional, named }: FilterArguments, index: number, name: string): RuntimeValue | undefined =>
  positional[index] ?? named.get(name)

const onText =
  (change: (text: string) => string): Filter =>
  (operand) =>
    runtimeValue(change(pythonText(operand)))

const length: Filter = (operand) => {
  const text = textOf(operand)
  if (text !== undefined) return runtimeValue(characters(text).length)
  if (isUndefined(operand)) return runtimeValue(0)
  if (Array.isArray(operand.value) || operand.value instanceof Map) return undefined
  throw new Error(`object of type '${pythonType(operand)}' has no len()`)
}

const trim: Filter = (operand, given) => {
  const chars = argument(given, 0, "chars")
  return runtimeValue(strip(pythonText(operand), chars === undefined ? undefined : textOf(chars)))
}

const number =
  (name: "float" | "int"): Filter =>
  (operand, given) => {
    const made = name === "int" ? runtimeValue : floatValue
    const held = typeof operand.value === "boolean" ? Number(operand.value) : operand.value
    const value =
      typeof held === "number" ? held : typeof held === "string" ? (name === "int" ? intOf : floatOf)(held) : undefined
    if (value === undefined) return argument(given, 0, "default") ?? made(0)
    return made(name === "int" ? Math.trunc(value) : value)
  }

const join: Filter = (operand, given) => {
  if (given.named.has("attribute") || given.positional.length > 1)
    throw new Error("`join` by attribute is not known here")
  const between = argument(given, 0, "d")
  const text = textOf(operand)
  const items =
    text === undefined ? (Array.isArray(operand.value) ? operand.value.map(pythonText) : []) : characters(text)
  if (text === undefined && !Array.isArray(operand.value) && !isUndefined(operand)) return undefined
  return runtimeValue(items.join(between === undefined ? "" : pythonText(between)))
}

const list: Filter = (operand) => {
  if (operand.value instanceof Map) return runtimeValue([...operand.value.keys()])
  const text = textOf(operand)
  return text === undefined ? (isUndefined(operand) ? runtimeValue([]) : undefined) : runtimeValue(characters(text))
}

const end =
  (at: 0 | -1): Filter =>
  (operand) => {
    const text = textOf(operand)
    if (text !== undefined) return runtimeValue(characters(text).at(at))
    return Array.isArray(operand.value) && operand.value.length === 0 ? runtimeValue(undefined) : undefined
  }

const items: Filter = ({ value }) => (value instanceof Map ? itemsOf(value) : undefined)

const json: Filter = (operand) => {
  if (isUndefined(operand)) throw new Error("Object of type Undefined is not JSON serializable")
  return undefined
}

export const pythonFilters: Readonly<Record<string, Filter>> = {
  capitalize: onText(capitalize),
  count: length,
  first: end(0),
  float: number("float"),
  int: number("int"),
  items,
  join,
  last: end(-1),
  length,
  list,
  lower: onText((text) => text.toLowerCase()),
  string: onText((text) => text),
  title: onText(titleFilter),
  tojson: json,
  trim,
  upper: onText((text) => text.toUpperCase())
}
