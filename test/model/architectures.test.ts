import { it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { encodeSafetensors, openSafetensors } from "../../src/format/safetensors.ts"
import { architectureNames, findArchitecture } from "../../src/model/find-architecture.ts"
import { checkWeights, describeModel, modelInfo } from "../../src/model/load-model.ts"
import { ownGoldensDirectory } from "../golden/golden-folders.ts"
import { attentionOf } from "./own-golden.ts"

type Config = Readonly<Record<string, unknown>>

const read = (name: string): Config =>
  JSON.parse(fs.readFileSync(path.join(ownGoldensDirectory, name, "config.json"), "utf8")) as Config

const problem = (config: Config) => Effect.map(Effect.flip(modelInfo(config)), (error) => error.message)
const attentions = (config: Config) =>
  Effect.map(describeModel(config), ({ blocks }) => blocks.map(({ attention }) => attentionOf(attention)))

describe("an architecture", () => {
  it.effect("is a file, found by its name, and says which keys of config.json it reads", () =>
    Effect.gen(function* () {
      const files = fs.readdirSync(path.join(import.meta.dirname, "../../src/model/architectures"))
      const names = files.map((file) => file.replace(".ts", "").replaceAll("-", "_"))
      expect(architectureNames.toSorted()).toEqual(names.toSorted())
      for (const name of architectureNames) {
        const { reads } = yield* findArchitecture({ model_type: name })
        expect(
          reads.some((key) => key === "vocab_size" || key === "text_config"),
          name
        ).toBe(true)
      }
    })
  )
})

describe("a configuration", () => {
  it.effect("of an unknown architecture is refused with those that are known", () =>
    Effect.gen(function* () {
      const message = yield* problem({ model_type: "mamba2" })
      for (const name of architectureNames) expect(message).toContain(name)
      expect(message).toContain("the architecture mamba2 cannot be run")
      for (const [written, meant] of [
        ["lama", "llama"],
        ["mistrla", "mistral"],
        ["gpt-neox", "gpt_neox"],
        ["qwen3moe", "qwen3_moe"],
        ["Gemma2", "gemma2"]
      ] as const) {
        expect(yield* problem({ model_type: written })).toContain(`did you mean "${meant}"?`)
      }
      // Names of their own, however near.
      for (const name of [
        "gemma3n",
        "gemma9",
        "qwen2_moe",
        "olmo",
        "olmoe",
        "opt",
        "phi",
        "granitemoe",
        "t5",
        "llama4"
      ]) {
        expect(yield* problem({ model_type: name }), name).not.toContain("did you mean")
      }
    })
  )

  it.effect("that changes the mathematics in a way that is not implemented is refused with the field's name", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [string, Config, string]> = [
        ["llama_yarn", { rope_parameters: { rope_type: "spiral" } }, 'rope_type "spiral"'],
        ["llama_yarn", { rope_parameters: { rope_type: "llama3" } }, "rope_type llama3 needs factor"],
        ["llama_yarn", { rope_scaling: { type: "linear" } }, "rope_type linear needs factor"],
        ["llama_yarn", { partial_rotary_factor: 2 }, "partial_rotary_factor 2"],
        ["llama_yarn", { hidden_act: "softsign" }, "hidden_act softsign"],
        ["llama_yarn", { quantization_config: { bits: 4 } }, "quantization_config"],
        ["llama_yarn", { num_key_value_heads: 3 }, "no multiple of num_key_value_heads 3"],
        ["gemma2", { use_bidirectional_attention: true }, "use_bidirectional_attention true"],
        ["gemma2", { attn_logit_softcapping: -50 }, "attn_logit_softcapping -50"],
        ["llama_yarn", { partial_rotary_factor: 0.5 }, "partial_rotary_factor 0.5 with rope_type"],
        ["gemma3", { query_pre_attn_scalar: 0 }, "scores cannot be multiplied with Infinity"],
        ["gemma3", { layer_types: ["full_attention"] }, "layer_types has 1 entries"],
        ["gemma2", { layer_types: ["linear_attention", "full_attention"] }, "layer_types"],
        ["gemma2", { sliding_window: null }, "no sliding_window"],
        ["gemma2", { final_logit_softcapping: -1 }, "final_logit_softcapping -1"],
        ["gpt2_scaled", { add_cross_attention: true }, "add_cross_attention true"],
        ["gpt2_scaled", { n_head: 3 }, "n_embd 16 is no multiple of n_head 3"],
        ["neox_serial", { rotary_pct: 2, rope_parameters: {} }, "rotary_pct 2 is more than 1"],
        ["neox_serial", { hidden_size: 1e300 }, "hidden_size"],
        ["qwen3", { num_hidden_layers: undefined }, "num_hidden_layers"],
        ["mixtral", { num_experts_per_tok: 5 }, "num_experts_per_tok 5 is more than the 4 experts"],
        ["gpt_oss_mxfp4", { quantization_config: { quant_method: "fp8" } }, "quantization_config"],
        ["qwen3_5_text", { linear_num_value_heads: 3 }, "linear_num_value_heads 3 is no multiple"],
        ["qwen3_5_text", { layer_types: ["sliding_attention"] }, "layer_types: sliding_attention"],
        ["gemma4_text", { enable_moe_block: true }, "enable_moe_block needs num_experts"],
        ["gemma4_text", { num_kv_shared_layers: 4 }, "num_kv_shared_layers 4 leaves no full_attention layer"],
        ["gemma4_text", { per_layer_config: { 1: { sliding_window: 3 } } }, "per_layer_config"],
        ["qwen3_5_moe_text", { norm_topk_prob: false }, "norm_topk_prob false"],
        ["qwen3_5_moe_text", { mlp_only_layers: [1] }, "mlp_only_layers"],
        ["mistral3", { text_config: { model_type: "bert" } }, "text_config of a mistral3 model: bert"],
        ["qwen3", { num_hidden_layers: 1e9 }, "num_hidden_layers"]
      ]
      for (const [name, changes, words] of cases) {
        const message = yield* problem({ ...read(name), ...changes })
        expect(message, JSON.stringify(changes)).toContain(words)
        expect(message).toContain("config.json")
      }
    })
  )

  it.effect("with layers that guess further tokens is that of the model before them", () =>
    Effect.gen(function* () {
      const config = read("qwen3_5_text")
      const published = {
        ...config,
        mtp_num_hidden_layers: 1,
        mtp_use_dedicated_embeddings: false,
        mlp_only_layers: []
      }
      expect(yield* modelInfo(published)).toEqual(yield* modelInfo(config))
    })
  )

  it.effect("in the older form of rope_theta and rope_scaling means the same as in the newer", () =>
    Effect.gen(function* () {
      const speeds = (config: Config) =>
        Effect.map(attentions(config), (all) =>
          all.map((own) => [[...(own?.rotary?.frequencies(9) ?? [])], own?.rotary?.factor, own?.window])
        )
      const newer = read("llama_llama3")
      const { rope_parameters: rope, ...older } = newer as { readonly rope_parameters: Config }
      const { rope_theta, rope_type, ...scaling } = rope
      expect(yield* speeds({ ...older, rope_theta, rope_scaling: { type: rope_type, ...scaling } })).toEqual(
        yield* speeds(newer)
      )
      const { rope_parameters: _, layer_types: __, ...gemma } = read("gemma3")
      const own = { rope_theta: 1e6, rope_local_base_freq: 1e4, sliding_window_pattern: 6 }
      expect(yield* speeds({ ...gemma, ...own })).toEqual(yield* speeds(read("gemma3")))
      const windows = (yield* attentions(read("gemma3"))).map((own) => own?.window)
      expect(windows).toEqual([5, 5, 5, 5, 5, undefined, 5])
    })
  )

  it.effect("of Gemma 3 with a text part is that part's", () =>
    Effect.gen(function* () {
      const text = read("gemma3")
      const whole = { model_type: "gemma3", text_config: text, vision_config: {} }
      expect(yield* modelInfo(whole)).toEqual(yield* modelInfo(text))
      expect(yield* problem({ model_type: "gemma3" })).toContain("text_config")
    })
  )
})

describe("a checkpoint", () => {
  const weights = Effect.fnUntraced(function* (name: string) {
    const bytes = fs.readFileSync(path.join(ownGoldensDirectory, name, "model.safetensors"))
    return yield* openSafetensors(bytesFile(new Uint8Array(bytes)), "model.safetensors")
  })

  it.effect("with a tensor in a block that its configuration knows nothing of is refused", () =>
    Effect.gen(function* () {
      const config = read("llama_llama3")
      const message = yield* Effect.flip(
        checkWeights({ ...config, attention_bias: false }, yield* weights("llama_llama3"))
      )
      expect(message.message).toMatch(/self_attn\.[qkvo]_proj\.bias is in the checkpoint/)
      const qwen = yield* Effect.flip(checkWeights({ ...read("qwen3"), model_type: "llama" }, yield* weights("qwen3")))
      expect(qwen.message).toMatch(/self_attn\.[qk]_norm\.weight is in the checkpoint/)
      yield* checkWeights(config, yield* weights("llama_llama3"))
    })
  )

  it.effect("of another shape, without a tensor, or with integers is refused", () =>
    Effect.gen(function* () {
      const config = read("mistral")
      const own = yield* weights("mistral")
      const wider = yield* Effect.flip(checkWeights({ ...config, intermediate_size: 25 }, own))
      expect(wider.message).toContain("has shape [24, 16], config.json asks for [25, 16]")
      const deeper = yield* Effect.flip(checkWeights({ ...config, num_hidden_layers: 3 }, own))
      expect(deeper.message).toContain("there is no tensor model.layers.2.")
      const entries = new Map(own.entries)
      entries.set("model.norm.weight", { dtype: "I32", shape: [16], size: 64 })
      const integers = yield* Effect.flip(checkWeights(config, { entries }))
      expect(integers.message).toContain("model.norm.weight is I32, not a float")
      const nothing = yield* openSafetensors(bytesFile(encodeSafetensors({})), "x")
      expect((yield* Effect.flip(checkWeights(config, nothing))).message).toContain("model.embed_tokens.weight")
    })
  )
})
