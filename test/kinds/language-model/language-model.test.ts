import { rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { LanguageModel } from "../../../src/kinds/language-model/language-model.ts"
import { encodeSafetensors } from "../../../src/format/safetensors.ts"
import { folderArtifact, temporaryDirectory } from "../../artifact/folder-artifact.ts"

const tensor = (value: number) => ({ dtype: "F32", shape: [1], data: Float32Array.of(value) }) as const

const shardedModel = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(directory, name), content)
  write("config.json", JSON.stringify({ model_type: "gpt2", n_layer: 1 }))
  write("tokenizer.json", "{}")
  write("model-00001-of-00002.safetensors", encodeSafetensors({ a: tensor(1) }))
  write("model-00002-of-00002.safetensors", encodeSafetensors({ b: tensor(2) }))
  const weight_map = { a: "model-00001-of-00002.safetensors", b: "model-00002-of-00002.safetensors" }
  write("model.safetensors.index.json", JSON.stringify({ metadata: {}, weight_map }))
  return { directory, write, weight_map }
})

describe("LanguageModel", () => {
  it.effect("shards are read as one set of weights, beside config and tokenizer", () =>
    Effect.gen(function* () {
      const { directory } = yield* shardedModel
      const model = yield* LanguageModel.open(folderArtifact(directory, "LanguageModel"))
      expect(model.config).toEqual({ model_type: "gpt2", n_layer: 1 })
      expect(yield* model.tokenizer).toBe("{}")
      const weights = yield* model.weights
      expect([...(yield* weights.float32("a")), ...(yield* weights.float32("b"))]).toEqual([1, 2])
    })
  )

  it.effect("an index that names a tensor which no shard holds is refused", () =>
    Effect.gen(function* () {
      const { directory, write, weight_map } = yield* shardedModel
      const map = { ...weight_map, c: weight_map.b }
      write("model.safetensors.index.json", JSON.stringify({ weight_map: map }))
      const model = yield* LanguageModel.open(folderArtifact(directory, "LanguageModel"))
      expect((yield* Effect.flip(model.weights)).message).toContain("names c in model-00002-of-00002.safetensors")
    })
  )

  it.effect("a folder without weights or without a tokenizer is refused, and a damaged file is told as such", () =>
    Effect.gen(function* () {
      const { directory, write } = yield* shardedModel
      const artifact = folderArtifact(directory, "LanguageModel")
      write("config.json", JSON.stringify({ model_type: "gpt2", n_layer: 2 }))
      expect((yield* Effect.flip(LanguageModel.open(artifact))).reason).toBe("damaged")
      rmSync(join(directory, "model.safetensors.index.json"))
      const open = () => Effect.flip(LanguageModel.open(folderArtifact(directory, "LanguageModel")))
      expect((yield* open()).message).toContain(
        "none of model.safetensors, model.safetensors.index.json, pytorch_model.bin"
      )
      rmSync(join(directory, "tokenizer.json"))
      expect((yield* open()).message).toContain("no tokenizer")
    })
  )
})
