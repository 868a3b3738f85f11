/**
 * `@huggingface/jinja` with Python's meaning. Chat templates are written for Jinja in Python, and models were trained on
 * what that makes of them; the library answers otherwise without a word in what is computed here: `"1" == 1`,
 * `x.strip("\n")`, `-1 % 2`, printed truths and lists, variables of the last turn of a loop, and more.
 */
import { Interpreter, Scope, type JinjaNode, type RuntimeValue } from "./jinja-library.ts"
import {
  blocksOf,
  isBinary,
  isCall,
  isFilter,
  isFor,
  isIdentifier,
  isKeyword,
  isMacro,
  isMember,
  isPrinted,
  isSelect,
  isTest,
  setInTurn,
  type BinaryNode,
  type CallNode,
  type FilterNode,
  type ForNode,
  type MacroNode,
  type MemberNode,
  type TestNode
} from "./jinja-nodes.ts"
import { pythonFilters } from "./python-filters.ts"
import { pythonMethod } from "./python-methods.ts"
import { pythonText } from "./python-text.ts"
import {
  characters,
  equal,
  floatValue,
  isUndefined,
  listValue,
  pythonType,
  runtimeValue,
  textOf,
  tupleValue
} from "./runtime-value.ts"

/** A node whose value is known: what the library computes on from there. */
class Held {
  readonly type = "Held"
  readonly held: RuntimeValue
  constructor(held: RuntimeValue) {
    this.held = held
  }
}

/** The sequences of a list, made anew. */
const withSequences =
  (made: (items: ReadonlyArray<RuntimeValue>) => RuntimeValue) =>
  (list: RuntimeValue): RuntimeValue =>
    Array.isArray(list.value)
      ? listValue(list.value.map((item) => (Array.isArray(item.value) ? made(item.value) : item)))
      : list

/** The library unpacks lists alone. */
const unpackable = withSequences(listValue)
const tuples = withSequences(tupleValue)

const changed = <Node extends JinjaNode>(node: Node, change: Partial<Node>): Node => ({ ...node, ...change })

const contains = (container: RuntimeValue, item: RuntimeValue): boolean => {
  const { value } = container
  const text = textOf(item)
  if (Array.isArray(value)) return value.some((each) => equal(each, item))
  if (value instanceof Map) return text !== undefined && value.has(text)
  if (typeof value === "string" && text !== undefined) return value.includes(text)
  if (isUndefined(container)) return false
  throw new Error(`'in' cannot look for a ${pythonType(item)} in a ${pythonType(container)}`)
}

const isNumber = ({ value }: RuntimeValue): boolean => typeof value === "number"

export class PythonInterpreter extends Interpreter {
  readonly #printed = new Set<JinjaNode>()
  /** By the first node of a loop's body: the names that its turns set. */
  readonly #turns = new Map<JinjaNode, ReadonlyArray<string>>()

  constructor(program: JinjaNode, scope: Scope) {
    super(scope)
    this.#look(program)
  }

  #look(node: JinjaNode): void {
    if (isFor(node) && node.body[0] !== undefined) this.#turns.set(node.body[0], setInTurn(node))
    for (const each of blocksOf(node).flat()) {
      if (isPrinted(each)) this.#printed.add(each)
      this.#look(each)
    }
  }

  override evaluate(node: JinjaNode | undefined, scope: Scope): RuntimeValue {
    if (node === undefined) return super.evaluate(node, scope)
    for (const name of this.#turns.get(node) ?? []) scope.variables.delete(name)
    const value = this.#compute(node, scope)
    return this.#printed.has(node) ? runtimeValue(pythonText(value)) : value
  }

  #compute(node: JinjaNode, scope: Scope): RuntimeValue {
    if (node instanceof Held) return node.held
    if (isBinary(node)) return this.#binary(node, scope)
    if (isCall(node)) return this.#call(node, scope)
    if (isMember(node)) return this.#member(node, scope)
    if (isFilter(node)) return this.#filter(node, scope)
    if (isTest(node)) return this.#test(node, scope)
    if (isFor(node)) return this.#for(node, scope)
    if (isMacro(node)) return this.#macro(node, scope)
    return super.evaluate(node, scope)
  }

  #binary(node: BinaryNode, scope: Scope): RuntimeValue {
    const operator = node.operator.value
    if (operator === "and" || operator === "or") return super.evaluate(node, scope)
    const left = this.evaluate(node.left, scope)
    const right = this.evaluate(node.right, scope)
    if (operator === "==") return runtimeValue(equal(left, right))
    if (operator === "!=") return runtimeValue(!equal(left, right))
    if (operator === "in") return runtimeValue(contains(right, left))
    if (operator === "not in") return runtimeValue(!contains(right, left))
    if (operator === "~") return runtimeValue(pythonText(left) + pythonText(right))
    if (operator === "+" && (textOf(left) === undefined) !== (textOf(right) === undefined)) {
      throw new Error(`'+' between ${pythonType(left)} and ${pythonType(right)}: Python adds text to text alone`)
    }
    if (isNumber(left) && isNumber(right)) {
      const [a, b] = [Number(left.value), Number(right.value)]
      if (["%", "/", "//"].includes(operator) && b === 0) throw new Error("division by zero")
      if (operator === "%") {
        const rest = a - b * Math.floor(a / b)
        return [left, right].some(({ type }) => type === "FloatValue") ? floatValue(rest) : runtimeValue(rest)
      }
    }
    return super.evaluate(changed(node, { left: new Held(left), right: new Held(right) }), scope)
  }

  /** @throws Error for an attribute of what is undefined, as Jinja's default `Undefined` does */
  #objectOf({ object }: MemberNode, scope: Scope): RuntimeValue {
    const value = this.evaluate(object, scope)
    if (!isUndefined(value)) return value
    throw new Error(`${isIdentifier(object) ? `'${object.value}'` : "what is asked for an attribute"} is undefined`)
  }

  #member(node: MemberNode, scope: Scope): RuntimeValue {
    const object = this.#objectOf(node, scope)
    const { property } = node
    if (!node.computed || property.type === "SliceExpression") {
      return super.evaluate(changed(node, { object: new Held(object) }), scope)
    }
    const key = this.evaluate(property, scope)
    const text = textOf(object)
    if (text !== undefined && typeof key.value === "number") return runtimeValue(characters(text).at(key.value))
    if (object.value instanceof Map && typeof key.value !== "string") return runtimeValue(undefined)
    return super.evaluate(changed(node, { object: new Held(object), property: new Held(key) }), scope)
  }

  #call(node: CallNode, scope: Scope): RuntimeValue {
    const { callee } = node
    if (!isMember(callee) || callee.computed || !isIdentifier(callee.property)) return super.evaluate(node, scope)
    const object = this.#objectOf(callee, scope)
    const args = node.args.map((each) => this.evaluate(isKeyword(each) ? each.value : each, scope))
    return (
      pythonMethod(object, callee.property.value, args) ??
      super.evaluate(changed(node, { callee: changed(callee, { object: new Held(object) }) }), scope)
    )
  }

  #filter(node: FilterNode, scope: Scope): RuntimeValue {
    const operand = this.evaluate(node.operand, scope)
    const named = isCall(node.filter) ? node.filter.callee : node.filter
    const filter = isIdentifier(named) ? pythonFilters[named.value] : undefined
    const args = isCall(node.filter) ? node.filter.args : []
    const answer = filter?.(operand, {
      positional: args.filter((each) => !isKeyword(each)).map((each) => this.evaluate(each, scope)),
      named: new Map(args.filter(isKeyword).map(({ key, value }) => [key.value, this.evaluate(value, scope)] as const))
    })
    if (answer !== undefined) return answer
    const library = super.evaluate(changed(node, { operand: new Held(operand) }), scope)
    return isIdentifier(named) && named.value === "dictsort" ? tuples(library) : library
  }

  #test(node: TestNode, scope: Scope): RuntimeValue {
    const operand = this.evaluate(node.operand, scope)
    const answer =
      node.test.value === "iterable"
        ? typeof operand.value === "string" ||
          isUndefined(operand) ||
          Array.isArray(operand.value) ||
          operand.value instanceof Map
        : node.test.value === "number"
          ? ["boolean", "number"].includes(typeof operand.value)
          : undefined
    if (answer !== undefined) return runtimeValue(answer !== node.negate)
    return super.evaluate(changed(node, { operand: new Held(operand) }), scope)
  }

  /** Loops over text go by characters, over what is undefined not at all. */
  #for(node: ForNode, scope: Scope): RuntimeValue {
    const { iterable } = node
    const over = this.evaluate(isSelect(iterable) ? iterable.lhs : iterable, scope)
    const text = textOf(over)
    const list = text !== undefined ? runtimeValue(characters(text)) : isUndefined(over) ? runtimeValue([]) : over
    const items = new Held(node.loopvar.type === "TupleLiteral" ? unpackable(list) : list)
    return super.evaluate(
      changed(node, { iterable: isSelect(iterable) ? changed(iterable, { lhs: items }) : items }),
      scope
    )
  }

  /** A macro sees what stands around its definition, not around its call. */
  #macro(node: MacroNode, scope: Scope): RuntimeValue {
    const none = super.evaluate(node, scope)
    const macro = scope.lookupVariable(node.name.value)
    const { value: call } = macro
    if (typeof call === "function") {
      macro.value = (args, around) => {
        const own = new Scope(scope)
        const caller = around.variables.get("caller")
        if (caller !== undefined) own.setVariable("caller", caller)
        return call(args, own)
      }
    }
    return none
  }
}
