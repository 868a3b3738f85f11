import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { distinctFileNames, fileName } from "../../src/file/file-name.ts"

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("a/b", "a_b", "a/b/c", "..", ".", "", "x".repeat(400), "x".repeat(401))
)

describe("a file's name for any text", () => {
  it("is short, holds no separator and is no special folder", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const name = fileName(text)
        expect(new TextEncoder().encode(name).length).toBeLessThan(200)
        expect(name).toMatch(/^[\w.=,+@[\]-]+$/)
        expect([".", "..", ""]).not.toContain(name)
      })
    )
  })

  it("differs where texts differ, also from a text that looks like a name made for another", () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        if (a !== b) expect(fileName(a)).not.toBe(fileName(b))
        expect(fileName(fileName(a)) === fileName(a)).toBe(fileName(a) === a)
      })
    )
  })

  it("is the text where that will do", () => {
    expect(["width=512,seed=0", "sae[width=512]", "model.1"].map(fileName)).toEqual([
      "width=512,seed=0",
      "sae[width=512]",
      "model.1"
    ])
  })

  it("numbers texts that come twice, and never meets another one by that", () => {
    expect(distinctFileNames(["a", "b"])).toEqual(["a", "b"])
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a", "b", "a#2", "a#3", "a#2#2", "")), (all) => {
        expect(new Set(distinctFileNames(all)).size).toBe(all.length)
      })
    )
  })
})
