import { readFileSync } from "node:fs"
import * as path from "node:path"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { joinedText } from "../../src/text/joined-text.ts"
import { makeTokenizer } from "../../src/text/tokenizer.ts"

const file = path.join(import.meta.dirname, "../../models/tiny-speller/tokenizer.json")
const tokenizer = makeTokenizer(readFileSync(file, "utf8"))
const idsOf = (text: string): ReadonlyArray<number> => Array.from(tokenizer.encode(text))

it("the tokens of a text give that text, whatever characters their bytes are parts of", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 12 }), (text) => {
      expect(joinedText(tokenizer, idsOf(text))).toBe(text)
    })
  )
})

it("a part of a character whose other parts are missing stands by its number, and its neighbours as they are", () => {
  const parts = idsOf("日")
  expect(parts.length).toBeGreaterThan(1)
  const last = parts.at(-1) as number
  expect(joinedText(tokenizer, [...idsOf(" cat"), last, ...idsOf(" dog")])).toBe(` cat#${last} dog`)
  expect(joinedText(tokenizer, parts.slice(0, -1))).toBe(
    parts
      .slice(0, -1)
      .map((id) => `#${id}`)
      .join("")
  )
})
