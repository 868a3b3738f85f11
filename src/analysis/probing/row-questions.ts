/** Yes/no questions about a token of a text: how it reads with what is before it, which document it is in, where in its context. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Json } from "../../json/canonical-json.ts"
import { RowQuestion } from "../../kinds/probing/row-question.ts"
import { type Decoded, decoded, type ParamProblem } from "../../stage/param-problem.ts"

const fields = Object.keys(RowQuestion.fields).join(", ")
const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

const problemsOf = (question: RowQuestion, i: number): ReadonlyArray<ParamProblem> => {
  const given = (["text", "document", "before"] as const).filter((field) => question[field] !== undefined)
  if (given.length !== 1) {
    return [
      {
        param: `tasks[${i}]`,
        problem: `${question.name} asks for ${given.length === 0 ? "nothing" : given.join(" and ")}`,
        remedy: "give one of text, document and before"
      }
    ]
  }
  return (["text", "document", "among"] as const).flatMap((field) => {
    const pattern = question[field]
    if (pattern === undefined) return []
    const compiled = Result.try(() => new RegExp(pattern, "u"))
    const remedy = "mend the expression"
    return Result.isSuccess(compiled)
      ? []
      : [{ param: `tasks[${i}].${field}`, problem: String(compiled.failure), remedy }]
  })
}

export const decodeRowQuestions = (
  tasks: ReadonlyArray<Readonly<Record<string, Json>>>
): Decoded<ReadonlyArray<RowQuestion>> => {
  const read = Schema.decodeUnknownResult(Schema.Array(RowQuestion))(tasks, {
    errors: "all",
    onExcessProperty: "error"
  })
  if (Result.isFailure(read)) {
    return Result.fail(
      issuesOf(read.failure.issue).issues.map(({ message, path = [] }) => {
        const at = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("")
        return { param: `tasks${at}`, problem: message, remedy: `a task has ${fields}` }
      })
    )
  }
  const twice = read.success.findIndex(({ name }, i) => read.success.findIndex((other) => other.name === name) < i)
  return decoded(read.success, [
    ...read.success.flatMap(problemsOf),
    ...(twice < 0
      ? []
      : [{ param: `tasks[${twice}].name`, problem: "another task has that name", remedy: "name it otherwise" }])
  ])
}

/** A token in its place. */
export interface PlacedToken {
  /** Text up to its end. */
  readonly text: string
  /** Name of its document. */
  readonly document: string
  /** Index in its context. */
  readonly place: number
}

/** @returns undefined: the question is not asked of this token */
export const answerOf = (question: RowQuestion): ((token: PlacedToken) => boolean | undefined) => {
  const field = question.text === undefined ? "document" : "text"
  const asked = question.among === undefined ? undefined : new RegExp(question.among, "u")
  const { before } = question
  const pattern = question[field]
  const yes = pattern === undefined ? undefined : new RegExp(pattern, "u")
  return (token) => {
    if (asked !== undefined && !asked.test(token[field])) return undefined
    return before === undefined ? yes?.test(token[field]) : token.place < before
  }
}
