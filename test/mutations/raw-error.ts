/** Whether a failure is one of ours: typed, with the file's name, in words of the program and not of the runtime. */
import * as Cause from "effect/Cause"

const ours = new Set(["ArtifactError", "StageFailed", "ModelError", "SpecInvalid"])

/** What V8, Node and the libraries say of mistakes in a program. */
const raw =
  /Cannot (read|set|destructure|mix|convert|use)|is not (a function|iterable|a constructor|defined)|undefined|\bNaN\b(?! or infinite)|\[object |call stack|Invalid (array|typed|DataView|count|code point|string|date|position|offset)|out of (range|bounds|memory)|allocation failed|(Type|Range|Reference|Syntax|Internal)?Error:|Expected .* in JSON|Unexpected (token|end|non-whitespace|number|string)|Bad (control|escaped)|Invalid regular expression|\n\s+at |ERR_[A-Z_]+|The "|The value of/

/** Why the failure is a raw one; undefined: it is not. @param names of files of which the message has to tell one; what does not fit the model is told by the tensor's name */
export const rawError = (cause: Cause.Cause<unknown>, names: ReadonlyArray<string>): string | undefined => {
  const error = Cause.squash(cause)
  const text = error instanceof Error ? error.message : String(error)
  if (Cause.hasDies(cause)) return `it died: ${error instanceof Error ? (error.stack ?? text) : text}`
  const tag = typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "no tag"
  if (!ours.has(tag)) return `it is ${tag}: ${text}`
  const found = raw.exec(text)
  if (found !== null) return `it says "${found[0]}": ${text.slice(0, 500)}`
  if (tag !== "ModelError" && !names.some((name) => text.includes(name)))
    return `it does not name the file: ${text.slice(0, 500)}`
  // Fifty problems of a pipeline are fifty lines.
  return tag !== "SpecInvalid" && text.length > 4000 ? `it is ${text.length} characters long` : undefined
}
