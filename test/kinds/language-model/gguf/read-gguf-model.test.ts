import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../../../src/artifact/bytes-file.ts"
import { readGgufModel } from "../../../../src/kinds/language-model/gguf/read-gguf-model.ts"
import { scoreMerges } from "../../../../src/kinds/language-model/gguf/score-merges.ts"
import { checkWeights } from "../../../../src/model/load-model.ts"
import { makeTokenizer } from "../../../../src/text/tokenizer.ts"
import { bool, type EncodedTensor, encodeGguf, f32, f32s, i32, i32s, strings, text, u32 } from "./encode-gguf.ts"

const floats = (name: string, shape: ReadonlyArray<number>, value = (i: number) => i): EncodedTensor => ({
  name,
  type: 0,
  shape,
  data: new Uint8Array(Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)).buffer)
})

const open = (...parts: ReadonlyArray<Uint8Array>) =>
  readGgufModel(parts.map((bytes, i) => ({ path: `x-${i}.gguf`, file: bytesFile(bytes) })))

/** One block, width 8, two heads of four, one key and value head. */
const model = (
  architecture: string,
  more: ReadonlyArray<EncodedTensor> = [],
  keys: Readonly<Record<string, ReturnType<typeof f32>>> = {}
) => {
  const gemma = architecture.startsWith("gemma")
  const fields = {
    block_count: u32(1),
    context_length: u32(16),
    embedding_length: u32(8),
    feed_forward_length: u32(6),
    "attention.head_count": u32(2),
    "attention.head_count_kv": u32(1),
    "attention.layer_norm_rms_epsilon": f32(1e-5),
    "rope.freq_base": f32(5000),
    ...keys,
    ...(gemma ? { "attention.key_length": u32(4), "attention.sliding_window": u32(5) } : {})
  }
  const metadata = [
    ["general.architecture", text(architecture)],
    ...Object.entries(fields).map(([name, value]) => [`${architecture}.${name}`, value] as const)
  ] as const
  const tensors = [
    floats("token_embd.weight", [11, 8]),
    floats("output_norm.weight", [8], () => 3),
    floats("blk.0.attn_norm.weight", [8]),
    floats("blk.0.attn_q.weight", [8, 8]),
    floats("blk.0.attn_k.weight", [4, 8]),
    floats("blk.0.attn_v.weight", [4, 8]),
    floats("blk.0.attn_output.weight", [8, 8]),
    floats("blk.0.ffn_norm.weight", [8]),
    floats("blk.0.ffn_gate.weight", [6, 8]),
    floats("blk.0.ffn_up.weight", [6, 8]),
    floats("blk.0.ffn_down.weight", [8, 6]),
    ...(gemma ? [floats("blk.0.post_attention_norm.weight", [8]), floats("blk.0.post_ffw_norm.weight", [8])] : []),
    ...(architecture === "gemma3"
      ? [floats("blk.0.attn_q_norm.weight", [4]), floats("blk.0.attn_k_norm.weight", [4])]
      : []),
    ...more
  ]
  return encodeGguf(metadata, tensors)
}

const tokenizerFile = (fields: ReadonlyArray<Parameters<typeof encodeGguf>[0][number]>) =>
  encodeGguf(
    [
      ["general.architecture", text("llama")],
      ...(["block_count", "context_length", "embedding_length", "feed_forward_length"] as const).map(
        (name) => [`llama.${name}`, u32(2)] as const
      ),
      ["llama.attention.head_count", u32(1)],
      ["llama.attention.layer_norm_rms_epsilon", f32(1e-5)],
      ...fields
    ],
    [floats("token_embd.weight", [2, 2])]
  )

describe("a GGUF model", () => {
  it.effect("has a configuration and all tensors that it asks for", () =>
    Effect.gen(function* () {
      for (const architecture of ["llama", "gemma2", "gemma3"]) {
        const { config, weights } = yield* open(model(architecture))
        expect(config).toMatchObject({ hidden_size: 8, num_key_value_heads: 1, head_dim: 4, vocab_size: 11 })
        expect(config["tie_word_embeddings"]).toBe(true)
        yield* checkWeights(config, weights)
      }
    })
  )

  it.effect("Llama's rows of queries and keys are put back: pairs become halves", () =>
    Effect.gen(function* () {
      const { weights } = yield* open(model("llama"))
      const firstOf = (values: Float32Array) => Array.from({ length: values.length / 8 }, (_, row) => values[row * 8])
      const stored = firstOf(yield* weights.float32("model.layers.0.self_attn.v_proj.weight"))
      expect(stored).toEqual([0, 8, 16, 24])
      // Stored rows 0 1 2 3 of a head of four are (0, first half), (0, second), (1, first), (1, second).
      expect(firstOf(yield* weights.float32("model.layers.0.self_attn.k_proj.weight"))).toEqual([0, 16, 8, 24])
      expect(firstOf(yield* weights.float32("model.layers.0.self_attn.q_proj.weight"))).toEqual(
        [0, 2, 1, 3, 4, 6, 5, 7].map((row) => 8 * row)
      )
      expect((yield* weights.float32("model.norm.weight"))[0]).toBe(3)
    })
  )

  it.effect("Gemma's rows stay and its scales lose the 1 that the file adds", () =>
    Effect.gen(function* () {
      const { config, weights } = yield* open(model("gemma3"))
      expect((yield* weights.float32("model.norm.weight"))[0]).toBe(2)
      expect((yield* weights.float32("model.layers.0.self_attn.k_proj.weight"))[8]).toBe(8)
      expect(config).toMatchObject({ rope_local_base_freq: 10_000, sliding_window: 5, query_pre_attn_scalar: 4 })
    })
  )

  it.effect("what it holds beyond what can be run is refused by name", () =>
    Effect.gen(function* () {
      const odd = yield* open(model("llama", [floats("blk.0.ffn_gate_exps.weight", [2, 2])]))
      expect((yield* Effect.flip(checkWeights(odd.config, odd.weights))).message).toContain("ffn_gate_exps")
      expect((yield* Effect.flip(open(model("mamba")))).message).toContain("architecture mamba cannot be read")
      expect((yield* Effect.flip(open(encodeGguf([], [])))).message).toContain("no general.architecture")
      const scaled = yield* open(model("llama", [floats("rope_freqs.weight", [2], (i) => 1 + i)]))
      expect(scaled.config["rope_scaling"]).toEqual({ rope_type: "divisors", divisors: [1, 2] })
      yield* checkWeights(scaled.config, scaled.weights)
    })
  )

  it.effect("says how conversations read, where it holds a chat template", () =>
    Effect.gen(function* () {
      const file = tokenizerFile([
        ["tokenizer.ggml.tokens", strings(["<s>", "</s>", "a"])],
        ["tokenizer.ggml.bos_token_id", u32(0)],
        ["tokenizer.chat_template", text("{{ bos_token }}")]
      ])
      expect((yield* open(file)).chat).toEqual({ chat_template: "{{ bos_token }}", bos_token: "<s>" })
      expect((yield* open(tokenizerFile([]))).chat).toBeUndefined()
    })
  )

  it.effect("in parts is whole in whatever order they are given, and refused where one lacks", () =>
    Effect.gen(function* () {
      const part = (number: number, names: ReadonlyArray<string>, more: Parameters<typeof encodeGguf>[0] = []) =>
        encodeGguf(
          [...more, ["split.no", u32(number)], ["split.count", u32(2)], ["split.tensors.count", i32(3)]],
          names.map((name) => floats(name, [2, 2]))
        )
      const fields = ["block_count", "context_length", "embedding_length", "feed_forward_length"] as const
      const metadata = [
        ["general.architecture", text("llama")],
        ...fields.map((name) => [`llama.${name}`, u32(2)] as const),
        ["llama.attention.head_count", u32(1)],
        ["llama.attention.layer_norm_rms_epsilon", f32(1e-5)]
      ] as const
      const first = part(0, ["token_embd.weight"], metadata)
      const second = part(1, ["output.weight", "blk.1.attn_q.weight"])
      for (const parts of [
        [first, second],
        [second, first]
      ]) {
        const { config, weights } = yield* open(...parts)
        expect(config).toMatchObject({ vocab_size: 2, tie_word_embeddings: false })
        expect(yield* weights.float32("lm_head.weight")).toEqual(Float32Array.of(0, 1, 2, 3))
      }
      expect((yield* Effect.flip(open(first))).message).toContain("in 2 parts, and there are x-0.gguf (1)")
      expect((yield* Effect.flip(open(first, first))).message).toContain("x-0.gguf (1), x-1.gguf (1)")
      const twice = yield* Effect.flip(open(first, part(1, ["token_embd.weight", "output.weight"])))
      expect(twice.message).toContain("token_embd.weight stands in x-0.gguf and in x-1.gguf")
      const fewer = yield* Effect.flip(open(first, part(1, ["output.weight"])))
      expect(fewer.message).toContain("should hold 3 tensors, and hold 2")
    })
  )

  it.effect("with a tensor of a type that cannot be read is refused only where the tensor is needed", () =>
    Effect.gen(function* () {
      const strange = (name: string): EncodedTensor => ({ name, type: 16, shape: [8, 8], data: new Uint8Array(66) })
      const beside = yield* open(model("llama", [strange("mm.projector.weight")]))
      yield* checkWeights(beside.config, beside.weights)
      const needed = yield* open(model("llama", [strange("output.weight")]))
      const message = yield* Effect.map(Effect.flip(needed.weights.float32("lm_head.weight")), (error) => error.message)
      expect(message).toContain("output.weight is IQ2_XXS, which cannot be read")
    })
  )

  it.effect("with a key of its architecture that may change the mathematics is refused by that key", () =>
    Effect.gen(function* () {
      const refusal = (architecture: string, keys: Parameters<typeof model>[2]) =>
        Effect.map(Effect.flip(open(model(architecture, [], keys))), (error) => error.message)
      expect(yield* refusal("llama", { logit_scale: f32(0.5) })).toContain("llama.logit_scale 0.5 is not implemented")
      expect(yield* refusal("llama", { "attention.causal": bool(false) })).toContain("llama.attention.causal false")
      expect(yield* refusal("llama", { "attention.sliding_window": u32(4) })).toContain("attention.sliding_window 4")
      expect(yield* refusal("gemma3", { attn_logit_softcapping: f32(30) })).toContain("attn_logit_softcapping 30")
      const capped = yield* open(model("gemma3", [], { final_logit_softcapping: f32(30) }))
      expect(capped.config["final_logit_softcapping"]).toBe(30)
      yield* open(model("llama", [], { logit_scale: f32(1), "attention.causal": bool(true), vocab_size: u32(11) }))
    })
  )

  it.effect("a byte-level tokenizer cuts digits as its file says, and an unknown cut is refused", () =>
    Effect.gen(function* () {
      const fields = (pre: string) =>
        [
          ["tokenizer.ggml.model", text("gpt2")],
          ["tokenizer.ggml.pre", text(pre)],
          ["tokenizer.ggml.tokens", strings(["<|end|>", "1", "2", "12", "a", "b", "ab", "Ġ", "Ġa"])],
          ["tokenizer.ggml.token_type", i32s([3, 1, 1, 1, 1, 1, 1, 1, 1])],
          ["tokenizer.ggml.merges", strings(["1 2", "a b", "Ġ a"])]
        ] as const
      const ids = (json: string, words: string) => [...makeTokenizer(json).encode(words)]
      const single = yield* (yield* open(tokenizerFile(fields("smollm")))).tokenizer
      expect(ids(single, "12ab<|end|> a")).toEqual([1, 2, 6, 0, 8])
      const plain = yield* (yield* open(tokenizerFile(fields("gpt-2")))).tokenizer
      expect(ids(plain, "12ab")).toEqual([3, 6])
      const strange = yield* open(tokenizerFile(fields("klingon")))
      expect((yield* Effect.flip(strange.tokenizer)).message).toContain("cuts text as klingon says")
    })
  )

  it.effect("a scored tokenizer merges what scores highest, falls back to bytes, and finds its own tokens first", () =>
    Effect.gen(function* () {
      const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`)
      const pieces = ["<unk>", "<bos>", "a", "b", "c", "ab", "bc", "abc", "▁", "▁a", "\n\n"]
      const tokens = [...pieces, ...bytes]
      const scores = [0, 0, -1, -1, -1, -5, -4, -6, -1, -7, 0, ...bytes.map(() => 0)]
      const types = [2, 3, 1, 1, 1, 1, 1, 1, 1, 1, 4, ...bytes.map(() => 6)]
      const file = tokenizerFile([
        ["tokenizer.ggml.model", text("llama")],
        ["tokenizer.ggml.tokens", strings(tokens)],
        ["tokenizer.ggml.scores", f32s(scores)],
        ["tokenizer.ggml.token_type", i32s(types)],
        ["tokenizer.ggml.unknown_token_id", u32(0)],
        ["tokenizer.ggml.add_space_prefix", bool(false)]
      ])
      const tokenizer = makeTokenizer(yield* (yield* open(file)).tokenizer)
      // "bc" scores higher than "ab", and "a" + "bc" make "abc".
      expect([...tokenizer.encode("abc")]).toEqual([7])
      expect([...tokenizer.encode("ab")]).toEqual([5])
      expect([...tokenizer.encode(" a\n\né")]).toEqual([9, 10, pieces.length + 0xc3, pieces.length + 0xa9])
      expect(tokenizer.decode([9, 10, pieces.length + 0xc3, pieces.length + 0xa9])).toBe(" a\n\né")
    })
  )
})

describe("merges from scores", () => {
  it.effect("come by falling score, whole code points only", () =>
    Effect.sync(() => {
      const merges = scoreMerges(["a", "b", "ab", "😀", "a😀", "aab"], [0, 0, -3, 0, -2, -4], () => true)
      expect(merges).toEqual([
        ["a", "😀"],
        ["a", "b"],
        ["a", "ab"]
      ])
    })
  )
})
