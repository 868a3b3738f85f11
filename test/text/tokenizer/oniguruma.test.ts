import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { onigurumaPattern, PatternProblem } from "../../../src/text/tokenizer/oniguruma.ts"
import { wholePiece } from "../../../src/text/tokenizer/piece.ts"
import { cutPiece, regexMatcher } from "../../../src/text/tokenizer/span.ts"

interface Golden {
  readonly texts: ReadonlyArray<string>
  readonly patterns: ReadonlyArray<{ readonly pattern: string; readonly cut: ReadonlyArray<ReadonlyArray<string>> }>
}

/** Made by `make-patterns.py`. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "patterns.json"), "utf8")) as Golden

describe("a regular expression of Oniguruma", () => {
  for (const { pattern, cut } of golden.patterns) {
    it(`cuts as Oniguruma does: ${pattern}`, () => {
      const matcher = regexMatcher(onigurumaPattern(pattern))
      const ours = golden.texts.map((text) => cutPiece(wholePiece(text), matcher, "Isolated").map((each) => each.text))
      expect(ours).toEqual(cut)
    })
  }

  it("that has no counterpart is refused, with what is in the way", () => {
    const refused: Readonly<Record<string, string>> = {
      "(\\w)\\1": "\\1",
      "\\Gx": "\\G",
      "\\X": "\\X",
      "(?<name>a)": "the group",
      "(?m:.)": "the group",
      "(?i:ss)": "ignores case",
      "(?i:[\\p{L}])": "ignores case",
      "\\p{Nonsense}": "the property",
      "[a": "not closed",
      "(a": "not closed",
      "a)": "not opened",
      "*a": "nothing to repeat",
      "a{2}?": "the quantifier",
      "\\xff": "the escape"
    }
    for (const [pattern, message] of Object.entries(refused)) {
      expect(() => onigurumaPattern(pattern), pattern).toThrow(PatternProblem)
      expect(() => onigurumaPattern(pattern), pattern).toThrow(message)
    }
  })
})
