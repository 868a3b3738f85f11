/** Models as people have them: which files are taken from a source, what is told, and that the artifact is the same model. */
import { it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { openFileIndex } from "../../src/file/file-index.ts"
import { openSafetensors } from "../../src/format/safetensors.ts"
import { encodeTorchFile } from "../../src/format/torch/torch-file.ts"
import { importModel } from "../../src/model/import-model.ts"
import { resolveSource } from "../../src/source/resolve-source.ts"
import { folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { ownGoldensDirectory } from "../golden/golden-folders.ts"
import { encodeGguf, f32, i32, strings, text, u32 } from "../kinds/language-model/gguf/encode-gguf.ts"
import { openCheckpoint } from "./own-golden.ts"

const own = (name: string, file: string) => fs.readFileSync(path.join(ownGoldensDirectory, name, file))

/** Every word is unknown; a pad token stands beyond the 61 embeddings of the models here. */
const spoken = JSON.stringify({
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: { type: "Whitespace" },
  post_processor: null,
  decoder: null,
  model: { type: "WordLevel", vocab: { "<unk>": 0, "<pad>": 61 }, unk_token: "<unk>" }
})

const imported = Effect.fnUntraced(function* (uri: string) {
  const target = yield* temporaryDirectory
  const index = yield* Effect.promise(() => openFileIndex(path.join(target, "..", "none.json"), "1"))
  const source = yield* resolveSource(uri, "model", "/", index)
  const { warnings } = yield* importModel(source, folderWriter(target))
  return { target, warnings, files: fs.readdirSync(target).toSorted() }
})

describe("importing a model", () => {
  it.effect("takes the shards of a PyTorch index and nothing else, and reads the same weights from them", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* temporaryDirectory
        const stored = yield* openSafetensors(bytesFile(own("mistral", "model.safetensors")), "model.safetensors")
        const shards = ["a-1.bin", "a-2.bin"] as const
        const map: Record<string, string> = {}
        const names = [...stored.entries.keys()]
        for (const [i, shard] of shards.entries()) {
          const entries: Array<
            readonly [string, { dtype: "F32"; shape: ReadonlyArray<number>; values: Float32Array }]
          > = []
          for (const name of names.filter((_, n) => n % 2 === i)) {
            const shape = stored.entries.get(name)?.shape ?? []
            entries.push([name, { dtype: "F32", shape, values: yield* stored.float32(name) }])
            map[name] = shard
          }
          fs.writeFileSync(path.join(place, shard), encodeTorchFile(shard, entries))
        }
        fs.writeFileSync(path.join(place, "pytorch_model.bin.index.json"), JSON.stringify({ weight_map: map }))
        fs.writeFileSync(path.join(place, "config.json"), own("mistral", "config.json"))
        fs.copyFileSync(
          new URL("../../models/tiny-speller/tokenizer.json", import.meta.url),
          path.join(place, "tokenizer.json")
        )
        fs.writeFileSync(path.join(place, "training_args.bin"), "not taken")
        const strange = yield* Effect.flip(imported(`file:${place}`))
        expect(strange.message).toMatch(/tokenizer.json gives the id \d+, the model knows 61/)

        fs.writeFileSync(path.join(place, "tokenizer.json"), spoken)
        const { target, files, warnings } = yield* imported(`file:${place}`)
        expect(files).toEqual([...shards, "config.json", "pytorch_model.bin.index.json", "tokenizer.json"])
        expect(warnings).toEqual([])
        const weights = yield* (yield* openCheckpoint(target)).weights
        for (const name of names) expect(yield* weights.float32(name)).toEqual(yield* stored.float32(name))

        fs.rmSync(path.join(place, "a-2.bin"))
        const message = yield* Effect.map(Effect.flip(imported(`file:${place}`)), (error) => error.message)
        expect(message).toContain("pytorch_model.bin.index.json is invalid: names a-2.bin, which is not there")
      })
    )
  )

  it.effect("tells, in the artifact too, where config.json is not taken at its word", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* temporaryDirectory
        const config = JSON.parse(own("mistral", "config.json").toString()) as Record<string, unknown>
        const fewer = { ...config, num_hidden_layers: 1, tie_word_embeddings: true }
        fs.writeFileSync(path.join(place, "config.json"), JSON.stringify(fewer))
        fs.writeFileSync(path.join(place, "model.safetensors"), own("mistral", "model.safetensors"))
        fs.writeFileSync(path.join(place, "tokenizer.json"), spoken)
        const { target, warnings } = yield* imported(`file:${place}`)
        expect(warnings).toHaveLength(2)
        expect(warnings.join()).toContain("the checkpoint holds block 1 beyond those that config.json knows of")
        expect(JSON.parse(fs.readFileSync(path.join(target, "warnings.json"), "utf8"))).toEqual(warnings)
      })
    )
  )

  it.effect("takes all parts of a GGUF model from any of them, and says which one lacks", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const place = yield* temporaryDirectory
        const tensor = (name: string, shape: ReadonlyArray<number>) => ({
          name,
          type: 0,
          shape,
          data: new Uint8Array(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 8).buffer)
        })
        const split = (number: number) =>
          [
            ["split.no", u32(number)],
            ["split.count", u32(2)],
            ["split.tensors.count", i32(12)]
          ] as const
        const name = (number: number) => `tiny-0000${number}-of-00002.gguf`
        const pieces = ["<|end|>", "a", "b", "c"]
        const first = encodeGguf(
          [
            ["general.architecture", text("llama")],
            ["llama.block_count", u32(1)],
            ["llama.context_length", u32(16)],
            ["llama.embedding_length", u32(8)],
            ["llama.feed_forward_length", u32(6)],
            ["llama.attention.head_count", u32(2)],
            ["llama.attention.layer_norm_rms_epsilon", f32(1e-5)],
            ["tokenizer.ggml.model", text("gpt2")],
            ["tokenizer.ggml.pre", text("gpt-2")],
            ["tokenizer.ggml.tokens", strings(pieces)],
            ["tokenizer.ggml.merges", strings([])],
            ...split(0)
          ],
          [
            tensor("token_embd.weight", [pieces.length, 8]),
            tensor("output_norm.weight", [8]),
            tensor("blk.0.attn_norm.weight", [8])
          ]
        )
        const second = encodeGguf(split(1), [
          ...["q", "k", "v", "output"].map((part) => tensor(`blk.0.attn_${part}.weight`, [8, 8])),
          tensor("blk.0.ffn_norm.weight", [8]),
          tensor("blk.0.ffn_gate.weight", [6, 8]),
          tensor("blk.0.ffn_up.weight", [6, 8]),
          tensor("blk.0.ffn_down.weight", [8, 6]),
          tensor("output.weight", [pieces.length, 8])
        ])
        fs.writeFileSync(path.join(place, name(1)), first)
        fs.writeFileSync(path.join(place, name(2)), second)
        const parts = ["model-00001-of-00002.gguf", "model-00002-of-00002.gguf"]
        for (const uri of [`gguf:${place}/${name(1)}`, `gguf:${place}/${name(2)}`, `file:${place}`]) {
          const { target, files } = yield* imported(uri)
          expect(files).toEqual(["config.json", ...parts, "tokenizer.json"])
          const weights = yield* (yield* openCheckpoint(target)).weights
          expect([...weights.entries.keys()]).toHaveLength(12)
          expect((yield* weights.float32("lm_head.weight"))[9]).toBe(9 / 8)
        }
        fs.rmSync(path.join(place, name(1)))
        const lacks = yield* Effect.map(Effect.flip(imported(`gguf:${place}/${name(2)}`)), (error) => error.message)
        expect(lacks).toContain("the model stands in 2 parts, and there is no ")
        expect(lacks).toContain(name(1))
      })
    )
  )
})
