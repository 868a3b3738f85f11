/** The nodes of a parsed template that are computed as Python does, by what `@huggingface/jinja` calls their parts. */
import type { JinjaNode } from "./jinja-library.ts"

export interface Identifier extends JinjaNode {
  readonly value: string
}

export interface BinaryNode extends JinjaNode {
  readonly operator: { readonly value: string }
  readonly left: JinjaNode
  readonly right: JinjaNode
}

export interface CallNode extends JinjaNode {
  readonly callee: JinjaNode
  readonly args: ReadonlyArray<JinjaNode>
}

export interface MemberNode extends JinjaNode {
  readonly object: JinjaNode
  readonly property: JinjaNode
  readonly computed: boolean
}

export interface FilterNode extends JinjaNode {
  readonly operand: JinjaNode
  readonly filter: JinjaNode
}

export interface TestNode extends JinjaNode {
  readonly operand: JinjaNode
  readonly negate: boolean
  readonly test: Identifier
}

export interface KeywordNode extends JinjaNode {
  readonly key: Identifier
  readonly value: JinjaNode
}

export interface ForNode extends JinjaNode {
  readonly loopvar: JinjaNode
  readonly iterable: JinjaNode
  readonly body: ReadonlyArray<JinjaNode>
  readonly defaultBlock: ReadonlyArray<JinjaNode>
}

export interface SelectNode extends JinjaNode {
  readonly lhs: JinjaNode
  readonly test: JinjaNode
}

export interface MacroNode extends JinjaNode {
  readonly name: Identifier
}

interface SetNode extends JinjaNode {
  readonly assignee: JinjaNode
}

interface TupleNode extends JinjaNode {
  readonly value: ReadonlyArray<JinjaNode>
}

const ofType =
  <Node extends JinjaNode>(type: string) =>
  (node: JinjaNode): node is Node =>
    node.type === type

export const isIdentifier = ofType<Identifier>("Identifier")
export const isBinary = ofType<BinaryNode>("BinaryExpression")
export const isCall = ofType<CallNode>("CallExpression")
export const isMember = ofType<MemberNode>("MemberExpression")
export const isFilter = ofType<FilterNode>("FilterExpression")
export const isTest = ofType<TestNode>("TestExpression")
export const isKeyword = ofType<KeywordNode>("KeywordArgumentExpression")
export const isFor = ofType<ForNode>("For")
export const isSelect = ofType<SelectNode>("SelectExpression")
export const isMacro = ofType<MacroNode>("Macro")
const isSet = ofType<SetNode>("Set")
const isTuple = ofType<TupleNode>("TupleLiteral")

const statements = new Set([
  "Break",
  "CallStatement",
  "Comment",
  "Continue",
  "FilterStatement",
  "For",
  "If",
  "Macro",
  "Set"
])

/** Whether a node of a block is printed: all but statements are. */
export const isPrinted = ({ type }: JinjaNode): boolean => !statements.has(type)

const isNodes = (value: unknown): value is ReadonlyArray<JinjaNode> => Array.isArray(value)

/** The blocks of statements right below a node: of a program, a condition, a loop, a macro, a call, a filter, a set. */
export const blocksOf = (node: JinjaNode): ReadonlyArray<ReadonlyArray<JinjaNode>> =>
  Object.entries(node).flatMap(([name, value]: [string, unknown]) =>
    ["alternate", "body", "defaultBlock"].includes(name) && isNodes(value) ? [value] : []
  )

const namesOf = (target: JinjaNode): ReadonlyArray<string> =>
  isIdentifier(target) ? [target.value] : isTuple(target) ? target.value.flatMap(namesOf) : []

/** The names that a block sets in its own scope: conditions have none of their own. */
const setIn = (block: ReadonlyArray<JinjaNode>): ReadonlyArray<string> =>
  block.flatMap((node) =>
    isSet(node)
      ? namesOf(node.assignee)
      : isMacro(node)
        ? [node.name.value]
        : node.type === "If"
          ? blocksOf(node).flatMap(setIn)
          : []
  )

/** The names that a turn of a loop sets, which the next turn does not see. */
export const setInTurn = ({ body, loopvar }: ForNode): ReadonlyArray<string> => {
  const given = new Set(namesOf(loopvar))
  return setIn(body).filter((name) => !given.has(name))
}
