import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { sourceTexts } from "../../src/text/source-texts.ts"
import { resolveFiles } from "./load-source.ts"

const texts = (files: Readonly<Record<string, string>>) =>
  Effect.flatMap(resolveFiles(files), ({ source }) => sourceTexts(source))

describe("all texts of a source", () => {
  it.effect("are whole plain text files, or lines of JSON lines", () =>
    Effect.gen(function* () {
      expect(yield* texts({ "a.txt": "one\r\ntwo\n", "b.txt": " \n", "c.txt": "three" })).toEqual([
        { name: "a.txt", text: "one\ntwo\n" },
        { name: "c.txt", text: "three" }
      ])
      expect(yield* texts({ "b.jsonl": '{"text":"three"}\n\n{"text":"four","id":4}\n' })).toEqual([
        { name: "b.jsonl:1", text: "three" },
        { name: "b.jsonl:3", text: "four" }
      ])
    })
  )

  it.effect("are not token ids", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(texts({ "b.jsonl": '{"text":[1,2]}' }))
      expect(error.message).toContain("b.jsonl:1: it holds ids, no text")
    })
  )
})
