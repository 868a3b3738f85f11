/**
 * What is used of `@huggingface/jinja`, with types: those that it brings name their files in a way that TypeScript does not
 * follow here, so that everything would be `any`.
 */
import { Environment, Interpreter as LibraryInterpreter, parse as parseTokens, tokenize } from "@huggingface/jinja"

/** A node of a parsed template. */
export interface JinjaNode {
  readonly type: string
}

export interface RuntimeValue {
  readonly type: string
  value:
    | Array<RuntimeValue>
    | Map<string, RuntimeValue>
    | ((args: Array<RuntimeValue>, scope: Scope) => RuntimeValue)
    | boolean
    | number
    | string
    | null
    | undefined
}

export interface Scope {
  readonly variables: Map<string, RuntimeValue>
  /** A JavaScript value as a variable of this scope. @throws Error where the name is taken */
  readonly set: (name: string, value: unknown) => RuntimeValue
  readonly setVariable: (name: string, value: RuntimeValue) => RuntimeValue
  readonly lookupVariable: (name: string) => RuntimeValue
}

export const Scope: new (parent?: Scope) => Scope = Environment

export interface Interpreter {
  evaluate(node: JinjaNode | undefined, scope: Scope): RuntimeValue
  run(program: JinjaNode): RuntimeValue
}

export const Interpreter: new (scope: Scope) => Interpreter = LibraryInterpreter

/** A template as transformers reads it: a block takes its line's indent and its line break with it. @throws Error */
export const parse = (template: string): JinjaNode => {
  const program: JinjaNode = parseTokens(tokenize(template, { lstrip_blocks: true, trim_blocks: true }))
  return program
}
