import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formatCoordinate, parseCoordinate } from "../../src/words/coordinate-text.ts"
import { parseSelector, Unreadable } from "../../src/specification/expression.ts"
import { canonicalJson, type Json } from "../../src/json/canonical-json.ts"

const awkward = [
  "first",
  "last",
  "*",
  "true",
  "null",
  "~",
  "1e3",
  ".5",
  "0x10",
  "params.k",
  "matrix.k",
  "it's",
  "a b",
  "",
  "a=b",
  "[x]",
  "-0"
]
const json: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom(...awkward),
  fc.string(),
  fc.jsonValue().map((value) => value as Json)
)

describe("a coordinate as it is written", () => {
  it("is read back as itself, as a literal, whatever it is", () => {
    fc.assert(
      fc.property(json, (value) => {
        const selector = parseSelector(`v=${formatCoordinate(value)}`)
        if (selector instanceof Unreadable) throw new Error(selector.message)
        const term = selector.terms.get("v")
        expect(term?.kind).toBe("literal")
        // JSON has no -0.
        expect(canonicalJson(term?.kind === "literal" ? term.value : undefined)).toBe(canonicalJson(value))
      })
    )
  })

  it("stands bare where nothing else could be meant", () => {
    expect(["small", "1.5b", "a/b", "blocks.2.hook_resid_post", "x-y_z"].map(formatCoordinate)).toEqual([
      "small",
      "1.5b",
      "a/b",
      "blocks.2.hook_resid_post",
      "x-y_z"
    ])
    expect(["last", "true", "12", ".5", ""].map(formatCoordinate)).toEqual(['"last"', '"true"', '"12"', '".5"', '""'])
  })

  it("takes numbers as YAML writes them", () => {
    expect([".5", "0.5", "5e-1", "1_000", "0x10", "-3", "1."].map(parseCoordinate)).toEqual([
      0.5, 0.5, 0.5, 1000, 16, -3, 1
    ])
  })
})
