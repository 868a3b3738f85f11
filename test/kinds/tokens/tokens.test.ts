import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import type { DocumentNames } from "../../../src/kinds/tokens/document-names.ts"
import { Tokens } from "../../../src/kinds/tokens/tokens.ts"
import { joinedEnds } from "./joined-ends.ts"
import { openTokensWriter } from "../../../src/kinds/tokens/write-tokens.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"

const info = {
  context_size: 256,
  vocab_size: 1000,
  bos_id: 0,
  packing: joinedEnds(0),
  tokenizer: "t".repeat(64),
  source: "file:a.txt"
}

/** Context c holds ids c, c + 1, ... of document floor(c / 3); its BOS belongs to none. */
const block = (first: number, count: number) => ({
  ids: Int32Array.from({ length: count * 256 }, (_, i) => first + Math.floor(i / 256) + (i % 256)),
  documents: Int32Array.from({ length: count * 256 }, (_, i) =>
    i % 256 === 0 ? -1 : Math.floor((first + Math.floor(i / 256)) / 3)
  )
})

const write = Effect.fn(function* (pieces: ReadonlyArray<number>, names?: DocumentNames) {
  const directory = yield* temporaryDirectory
  yield* Effect.scoped(
    Effect.gen(function* () {
      const writer = yield* openTokensWriter(folderWriter(directory), info)
      let first = 0
      for (const count of pieces) {
        yield* writer.append(block(first, count))
        first += count
      }
      return yield* writer.finish(names)
    })
  )
  return directory
})

describe("Tokens", () => {
  it.effect("any range of contexts is read, across record batches, whatever the pieces were", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens.open(folderArtifact(yield* write([1, 299, 400]), "Tokens"))
      expect(tokens).toMatchObject({ ...info, contexts: 700, documents: 234 })
      for (const [first, count] of [
        [0, 1],
        [255, 2],
        [200, 400],
        [699, 10],
        [700, 1]
      ] as const) {
        const read = yield* tokens.read(first, count)
        const expected = block(first, Math.max(0, Math.min(count, 700 - first)))
        expect(read.first).toBe(first)
        expect(read.count * 256).toBe(expected.ids.length)
        expect(read.ids).toEqual(expected.ids)
        expect(read.documents).toEqual(expected.documents)
      }
      expect(yield* tokens.documentNames).toBeUndefined()
    })
  )

  it.effect("the bytes do not depend on the pieces that they came in", () =>
    Effect.gen(function* () {
      const a = folderArtifact(yield* write([1, 299, 400]), "Tokens")
      const b = folderArtifact(yield* write([700]), "Tokens")
      expect(a.digest).toBe(b.digest)
    })
  )

  it.effect("documents have names where they were given", () =>
    Effect.gen(function* () {
      const tokens = yield* Tokens.open(folderArtifact(yield* write([6], ["a/1", "a/2"]), "Tokens"))
      const names = yield* tokens.documentNames
      expect([names?.length, names?.at(0), names?.at(1), names?.at(2)]).toEqual([2, "a/1", "a/2", undefined])
      expect(tokens.documents).toBe(2)
    })
  )

  it.effect("names of documents are told by file and row, and survive a copy", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const writing = Effect.gen(function* () {
        const writer = yield* openTokensWriter(folderWriter(directory), info)
        yield* writer.name(Array.from({ length: 70_000 }, (_, i) => ({ file: i % 2, row: Math.floor(i / 2) })))
        yield* writer.append(block(0, 3))
        return yield* writer.finish({ files: ["a.jsonl", "b.txt"] })
      })
      expect((yield* Effect.scoped(writing)).documents).toBe(70_000)
      const original = folderArtifact(directory, "Tokens")
      const names = yield* (yield* Tokens.open(original)).documentNames
      expect([0, 1, 2, 69_999].map((i) => names?.at(i))).toEqual(["a.jsonl", "b.txt", "a.jsonl:1", "b.txt:34999"])
      const copy = folderArtifact(yield* write([3], names), "Tokens")
      const file = (artifact: typeof copy, path: string) => artifact.files.find((f) => f.path === path)?.sha256
      expect(file(copy, "documents.arrow")).toBe(file(original, "documents.arrow"))
      expect(file(copy, "documents.json")).toBe(file(original, "documents.json"))
    })
  )

  it.effect("a manifest that promises other contexts than the file has is refused", () =>
    Effect.gen(function* () {
      const directory = yield* write([6])
      const wrong = { format: 2, batch_contexts: 256, contexts: 600, documents: 2, ...info }
      writeFileSync(join(directory, "tokens.json"), JSON.stringify(wrong))
      const opening = yield* Effect.flip(Tokens.open(folderArtifact(directory, "Tokens")))
      expect(opening.message).toContain("1 record batches do not hold 600 contexts")
      writeFileSync(join(directory, "tokens.json"), JSON.stringify({ ...wrong, contexts: 7 }))
      const tokens = yield* Tokens.open(folderArtifact(directory, "Tokens"))
      expect((yield* Effect.flip(tokens.read(0, 1))).message).toContain("record batch 0 has 6 contexts")
      writeFileSync(join(directory, "tokens.json"), JSON.stringify({ ...wrong, contexts: -7 }))
      expect((yield* Effect.flip(Tokens.open(folderArtifact(directory, "Tokens")))).reason).toBe("invalid")
    })
  )
})
