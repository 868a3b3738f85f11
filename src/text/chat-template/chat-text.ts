/**
 * Conversations as text, by a chat template (Jinja, as `apply_chat_template` of transformers renders it). The date is not there for it: `strftime_now` would give another text every day, and templates that
 * ask for it have a date of their own where it is not defined.
 */
import type { ChatTemplate } from "../../kinds/language-model/language-model-handle.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import { DocumentProblem } from "../documents/document-file.ts"
import { parse, Scope } from "./jinja-library.ts"
import { PythonInterpreter } from "./python-interpreter.ts"

export type Messages = ReadonlyArray<Readonly<Record<string, unknown>>>

const remedy = "Correct the conversation, or set chat_template to another."

/** A template that expects text of what is a list of parts, and prints the list. */
const writesOutParts = (messages: Messages, text: string): boolean =>
  messages.some(({ content }) => typeof content === "object" && content !== null) && /\{['"]type['"]: ['"]/.test(text)

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** 64-bit integers of columns are numbers to a template. */
const plain = (value: unknown): unknown => {
  if (typeof value === "bigint") return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]))
}

/** What templates expect to be there. */
const constants: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  tools: null,
  documents: null
}

export interface ChatTextOptions {
  /** End with what an answer begins with. @default false */
  readonly answers?: boolean
}

/** @returns a function that throws `DocumentProblem`, or what is wrong with the template */
export const chatText = (
  { template, tokens }: ChatTemplate,
  { answers = false }: ChatTextOptions = {}
): ((messages: Messages, place: string) => string) | StageFailed => {
  let program: ReturnType<typeof parse>
  try {
    program = parse(template)
  } catch (error) {
    return stageFailed(`the chat template cannot be read: ${messageOf(error)}`, "Correct it, or give another.")
  }
  return (messages, place) => {
    const environment = new Scope()
    for (const [name, value] of Object.entries({
      ...constants,
      ...tokens,
      add_generation_prompt: answers,
      messages: plain(messages)
    })) {
      environment.set(name, value)
    }
    environment.set("range", (start: number, stop?: number, step = 1) => {
      const [from, to] = stop === undefined ? [0, start] : [start, stop]
      return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step)
    })
    environment.set("raise_exception", (message: unknown) => {
      throw new Error(String(message))
    })
    let text: string
    try {
      const result = new PythonInterpreter(program, environment).run(program)
      text = String(result.value)
    } catch (error) {
      throw new DocumentProblem(place, `the chat template refuses it: ${messageOf(error)}`, remedy)
    }
    if (!writesOutParts(messages, text)) return text
    throw new DocumentProblem(place, "its content is a list of parts, and the chat template takes text", remedy)
  }
}
