import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { indexPermutation } from "../../src/random/index-permutation.ts"
import { selectFiles, type DataFile } from "../../src/text/documents/select-files.ts"
import { type LocatedDocument, openDocuments } from "../../src/text/documents/open-documents.ts"
import { shuffleDocuments } from "../../src/text/documents/shuffle-documents.ts"
import { loadSource, resolveFiles } from "./load-source.ts"

/** Document d holds d + 1 ids, all of them d; blank lines and empty documents lie between. */
const count = 200
const line = (d: number): string => `${JSON.stringify({ ids: Array.from({ length: 1 + (d % 37) }, () => d) })}\n`
const lines = (from: number, until: number): string =>
  Array.from({ length: until - from }, (_, i) => line(from + i)).join("\n")
const files = { "a.jsonl": lines(0, 70), "b.jsonl": lines(70, 71), "c.jsonl": lines(71, count) }

const idsOf = ({ content }: LocatedDocument) =>
  content.type === "ids" ? Int32Array.from(content.ids) : new Int32Array(0)

const shuffled = Effect.fn(function* (
  seed: number,
  tokens: number,
  bucketTokens: number,
  take = Number.POSITIVE_INFINITY
) {
  const { source } = yield* resolveFiles(files)
  const chosen = selectFiles(source, { split: null, config: null, files: null }) as ReadonlyArray<DataFile>
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "buckets-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )
  const tokenize = (document: LocatedDocument) => ({ file: document.file, row: document.row, parts: [idsOf(document)] })
  const documents = openDocuments(source, chosen, "ids")
  return yield* Effect.promise(async () => {
    const order: Array<number> = []
    for await (const document of shuffleDocuments(documents, { seed, tokens, directory, tokenize, bucketTokens })) {
      const [ids] = document.parts as ReadonlyArray<Int32Array>
      const d = ids?.[0] as number
      expect([...(ids as Int32Array)]).toEqual(Array.from({ length: 1 + (d % 37) }, () => d))
      const file = d < 70 ? 0 : d < 71 ? 1 : 2
      expect([document.file, document.row]).toEqual([file, 1 + 2 * (d - [0, 70, 71][file]!)])
      order.push(d)
      if (order.length === take) break
    }
    expect(readdirSync(directory)).toEqual([])
    return order
  })
})

describe("shuffling documents", () => {
  it.effect("gives all of them in the order of their places, however few tokens a bucket or a pass holds", () =>
    Effect.gen(function* () {
      const place = indexPermutation(count, 3, "order of documents")
      const expected = Array.from({ length: count }, (_, d) => d).toSorted((a, b) => place(a) - place(b))
      for (const [tokens, bucketTokens] of [
        [1, 50],
        [1000, 1 << 22],
        [1_000_000, 300]
      ] as const) {
        expect(yield* shuffled(3, tokens, bucketTokens)).toEqual(expected)
      }
      expect(yield* shuffled(4, 1, 50)).not.toEqual(expected)
      expect(yield* shuffled(3, 1, 50, 10)).toEqual(expected.slice(0, 10))
    })
  )

  it.effect("is an option of load-text, recorded in what it writes", () =>
    Effect.gen(function* () {
      const params = { tokens: 1_000_000, context_size: 2, text_field: "ids", vocab_size: count }
      const plain = yield* loadSource({ files, params })
      const loaded = yield* loadSource({ files, params: { ...params, shuffle_seed: 3 } })
      expect(loaded.tokens.packing.shuffle_seed).toBe(3)
      expect(plain.tokens.packing.shuffle_seed).toBe(null)
      expect(loaded.documents.toSorted()).toEqual(plain.documents.toSorted())
      expect(loaded.metrics).toEqual(plain.metrics)
      const place = indexPermutation(count, 3, "order of documents")
      const first = Array.from({ length: count }, (_, d) => d).find((d) => place(d) === 0)
      expect(loaded.idsOf(0)[0]).toBe(first)
      expect(loaded.artifact.files.map(({ path }) => path)).toEqual([
        "documents.arrow",
        "documents.json",
        "tokens.arrow",
        "tokens.json"
      ])
    })
  )
})
