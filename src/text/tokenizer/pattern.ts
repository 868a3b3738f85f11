/** A pattern of tokenizer.json, `{ "String": ... }` or `{ "Regex": ... }`, as what it matches. */
import { onigurumaPattern, PatternProblem } from "./oniguruma.ts"
import type { Part } from "./part.ts"
import { type Matcher, regexMatcher } from "./span.ts"

/** @throws TokenizerProblem */
export const patternMatcher = (part: Part, name: string): Matcher => {
  const { kind, source } = part.pattern(name)
  if (kind === "String")
    return regexMatcher(new RegExp(source.replace(/[.*+?^${}()|[\]\\/-]/g, "\\$&").replace("\\-", "-"), "gu"))
  try {
    return regexMatcher(onigurumaPattern(source))
  } catch (error) {
    if (!(error instanceof PatternProblem)) throw error
    throw part.refuse(`its regular expression ${source} cannot be used: ${error.message}`)
  }
}
