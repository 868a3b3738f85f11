/** A yes/no question about tokens of a text, as a file of probes keeps it. */
import * as Schema from "effect/Schema"

/** One of `text`, `document` and `before`; all but `before` are regular expressions (JavaScript, Unicode). */
export const RowQuestion = Schema.Struct({
  name: Schema.NonEmptyString,
  /** Yes where the document's text up to the token's end, from a few tokens before it, matches. */
  text: Schema.optionalKey(Schema.NonEmptyString),
  /** Yes where the document's name matches. */
  document: Schema.optionalKey(Schema.NonEmptyString),
  /** Yes at the first tokens of a context, before this one. */
  before: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThan(0))),
  /** Only of tokens whose text, or whose document's name, matches; left out: of all. */
  among: Schema.optionalKey(Schema.NonEmptyString)
})
export type RowQuestion = typeof RowQuestion.Type
