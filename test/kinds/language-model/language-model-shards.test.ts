import { it } from "@effect/vitest"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { readLanguageModel } from "../../../src/kinds/language-model/read-language-model.ts"
import { encodeSafetensors } from "../../../src/format/safetensors.ts"
import { folderArtifact, temporaryDirectory } from "../../artifact/folder-artifact.ts"

const one = (value: number) => ({ dtype: "F32" as const, shape: [1], data: Float32Array.of(value) })

/** A model in two shards, with this index. */
const open = Effect.fnUntraced(function* (
  shards: Readonly<Record<string, Readonly<Record<string, number>>>>,
  map: Readonly<Record<string, string>>
) {
  const directory = yield* temporaryDirectory
  writeFileSync(join(directory, "config.json"), "{}")
  writeFileSync(join(directory, "tokenizer.json"), "{}")
  writeFileSync(join(directory, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }))
  for (const [file, tensors] of Object.entries(shards)) {
    const encoded = Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, one(value)]))
    writeFileSync(join(directory, file), encodeSafetensors(encoded))
  }
  return yield* (yield* readLanguageModel(folderArtifact(directory, "LanguageModel"))).weights
})

const shards = { "1.safetensors": { a: 1, b: 2 }, "2.safetensors": { c: 3 } }

describe("a model in shards", () => {
  it.effect("is one model", () =>
    Effect.gen(function* () {
      const weights = yield* open(shards, { a: "1.safetensors", b: "1.safetensors", c: "2.safetensors" })
      expect([...weights.entries.keys()].toSorted()).toEqual(["a", "b", "c"])
      expect(yield* weights.float32("c")).toEqual(Float32Array.of(3))
    })
  )

  it.effect("whose index does not tell the truth is refused", () =>
    Effect.gen(function* () {
      const why = (map: Readonly<Record<string, string>>, files: Parameters<typeof open>[0] = shards) =>
        Effect.map(Effect.flip(open(files, map)), (error) => error.message)
      expect(yield* why({ a: "1.safetensors", c: "1.safetensors" })).toContain("names c in 1.safetensors")
      expect(yield* why({ a: "1.safetensors", c: "3.safetensors" })).toContain("3.safetensors")
      const twice = { "1.safetensors": { a: 1 }, "2.safetensors": { a: 2, c: 3 } }
      expect(yield* why({ a: "1.safetensors", c: "2.safetensors" }, twice)).toContain(
        "a stands in 1.safetensors and in 2.safetensors"
      )
    })
  )
})
