/**
 * Model files with bits turned, bytes replaced and ends cut off: each gives an error that says what is wrong, or is read;
 * none ends the process, none makes it hold memory that the file does not.
 */
import { readFileSync } from "node:fs"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { assert, describe, it } from "vitest"
import { ArtifactError } from "../../src/artifact/artifact-error.ts"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { readGgufModel } from "../../src/kinds/language-model/gguf/read-gguf-model.ts"
import { encodeSafetensors, openSafetensors } from "../../src/format/safetensors.ts"
import { checkTokenizer } from "../../src/model/check-tokenizer.ts"
import { checkWeights, modelInfo } from "../../src/model/load-model.ts"
import { ModelError } from "../../src/model/decoder/model-error.ts"
import { tokenizerJson } from "../../src/text/tokenizer-json.ts"
import * as Random from "../../src/random/rng.ts"
import { encodeGguf, f32, f32s, i32s, strings, text, u32 } from "../kinds/language-model/gguf/encode-gguf.ts"

/** Values that sizes, counts and offsets are wrong with most tellingly. */
const extremes = [0, 1, 0x7f, 0x80, 0xff]

/** One to three damages: an end cut off, a bit turned, a byte or eight of them replaced, a piece put elsewhere. */
const damaged = (bytes: Uint8Array, rng: Random.Rng): Uint8Array => {
  let result = bytes.slice()
  const place = (): number => rng.int(result.length)
  for (let n = 1 + rng.int(3); n > 0 && result.length > 0; n--) {
    switch (rng.int(5)) {
      case 0:
        result = result.slice(0, place())
        break
      case 1: {
        const at = place()
        result[at] = (result[at] as number) ^ (1 << rng.int(8))
        break
      }
      case 2:
        result[place()] = extremes[rng.int(extremes.length)] as number
        break
      case 3: {
        const at = place()
        result.fill(extremes[rng.int(extremes.length)] as number, at, at + 8)
        break
      }
      default: {
        const from = place()
        result.copyWithin(place(), from, from + 1 + rng.int(64))
      }
    }
  }
  return result
}

/** More than this on top of what was there before is memory that some header asked for. */
const MOST_MEMORY = 400 * 2 ** 20

/** Runs `read` on `count` damages of each file; gives how many of them were refused. */
const fuzz = async (
  files: ReadonlyArray<Uint8Array>,
  count: number,
  read: (bytes: Uint8Array) => Effect.Effect<unknown, ArtifactError | ModelError>
): Promise<number> => {
  const before = process.memoryUsage().rss
  let refused = 0
  for (const [f, file] of files.entries()) {
    for (let i = 0; i < count; i++) {
      const exit = await Effect.runPromiseExit(read(damaged(file, Random.make(i, `damage of file ${f}`))))
      if (Exit.isSuccess(exit)) continue
      const error = Cause.squash(exit.cause)
      if (!(error instanceof ArtifactError || error instanceof ModelError)) {
        assert.fail(`file ${f}, damage ${i}: ${error instanceof Error ? error.stack : String(error)}`)
      }
      assert.isAbove(error.message.length, 10)
      refused++
    }
  }
  assert.isBelow(process.memoryUsage().rss - before, MOST_MEMORY)
  return refused
}

const floats = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => i / n)

describe("a damaged file of a model", () => {
  it("safetensors: 4,000 damages are refused or read", async () => {
    const file = encodeSafetensors(
      {
        "model.embed_tokens.weight": { dtype: "F32", shape: [8, 4], data: floats(32) },
        "model.norm.weight": { dtype: "BF16", shape: [4], data: new Uint16Array(4) },
        half: { dtype: "F16", shape: [2, 3], data: new Uint16Array(6) },
        count: { dtype: "I64", shape: [], data: new BigInt64Array(1) }
      },
      { format: "pt" }
    )
    const refused = await fuzz([file], 4000, (bytes) =>
      Effect.gen(function* () {
        const opened = yield* openSafetensors(bytesFile(bytes), "model.safetensors")
        for (const [name, { dtype }] of opened.entries) {
          yield* opened.bytes(name)
          if (/^B?F/.test(dtype)) yield* opened.float32(name)
        }
      })
    )
    assert.isAbove(refused, 2000)
  })

  it("GGUF: 6,000 damages of two kinds of tokenizer are refused or read", async () => {
    const tensor = (name: string, shape: ReadonlyArray<number>) => ({
      name,
      type: 0,
      shape,
      data: new Uint8Array(floats(shape.reduce((a, b) => a * b, 1)).buffer)
    })
    const file = (tokenizer: Parameters<typeof encodeGguf>[0]) =>
      encodeGguf(
        [
          ["general.architecture", text("llama")],
          ["llama.block_count", u32(1)],
          ["llama.context_length", u32(16)],
          ["llama.embedding_length", u32(8)],
          ["llama.feed_forward_length", u32(6)],
          ["llama.attention.head_count", u32(2)],
          ["llama.attention.layer_norm_rms_epsilon", f32(1e-5)],
          ...tokenizer
        ],
        [
          tensor("token_embd.weight", [5, 8]),
          tensor("output_norm.weight", [8]),
          tensor("blk.0.attn_norm.weight", [8]),
          ...["q", "k", "v", "output"].map((part) => tensor(`blk.0.attn_${part}.weight`, [8, 8])),
          tensor("blk.0.ffn_norm.weight", [8]),
          tensor("blk.0.ffn_gate.weight", [6, 8]),
          tensor("blk.0.ffn_up.weight", [6, 8]),
          tensor("blk.0.ffn_down.weight", [8, 6]),
          { name: "q", type: 2, shape: [2, 32], data: new Uint8Array(36) }
        ]
      )
    const bpe = file([
      ["tokenizer.ggml.model", text("gpt2")],
      ["tokenizer.ggml.pre", text("smollm")],
      ["tokenizer.ggml.tokens", strings(["a", "b", "c", "ab", "<|end|>"])],
      ["tokenizer.ggml.token_type", i32s([1, 1, 1, 1, 3])],
      ["tokenizer.ggml.merges", strings(["a b"])],
      ["tokenizer.ggml.bos_token_id", u32(4)]
    ])
    const scored = file([
      ["tokenizer.ggml.model", text("llama")],
      ["tokenizer.ggml.tokens", strings(["<unk>", "▁a", "b", "▁ab", "<0x00>"])],
      ["tokenizer.ggml.scores", f32s([0, -1, -2, -3, 0])],
      ["tokenizer.ggml.token_type", i32s([2, 1, 1, 1, 6])],
      ["tokenizer.ggml.unknown_token_id", u32(0)]
    ])
    const refused = await fuzz([bpe, scored], 3000, (bytes) =>
      Effect.gen(function* () {
        const { config, weights, tokenizer } = yield* readGgufModel([{ path: "model.gguf", file: bytesFile(bytes) }])
        yield* modelInfo(config)
        yield* checkWeights(config, weights)
        for (const name of weights.entries.keys()) yield* weights.float32(name)
        yield* checkTokenizer(yield* tokenizer, weights.entries.get("model.embed_tokens.weight")?.shape[0] ?? 0)
      })
    )
    assert.isAbove(refused, 3000)
  })

  it("tokenizer.json and config.json: 2,000 damages are refused or read", async () => {
    const vocabulary = ["<|end|>", ..."abcdefghijklmnopqrstuvwxyzĠ", "ab", "Ġa"]
    const bpe = tokenizerJson(
      {
        vocabulary,
        merges: [
          ["a", "b"],
          ["Ġ", "a"]
        ]
      },
      "<|end|>"
    )
    const encode = (json: string): Uint8Array => new TextEncoder().encode(json)
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
    const refused = await fuzz([encode(bpe)], 1000, (bytes) => checkTokenizer(decode(bytes), 100))
    assert.isAbove(refused, 500)
    const config = new Uint8Array(readFileSync(new URL("../../models/tiny-speller/config.json", import.meta.url)))
    const parse = (bytes: Uint8Array): unknown => {
      try {
        return JSON.parse(decode(bytes))
      } catch {
        return {}
      }
    }
    await fuzz([config], 1000, (bytes) =>
      Effect.gen(function* () {
        const parsed = parse(bytes)
        if (typeof parsed !== "object" || parsed === null) return
        yield* modelInfo(parsed as Readonly<Record<string, unknown>>)
        yield* checkWeights(parsed as Readonly<Record<string, unknown>>, { entries: new Map() })
      })
    )
  })
})
