import { it } from "@effect/vitest"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { describeModel } from "../../src/model/load-model.ts"
import { foldersIn, ownGoldensDirectory } from "../golden/golden-folders.ts"
import { attentionOf } from "./own-golden.ts"

type Config = Readonly<Record<string, unknown>>

const read = (name: string): Config =>
  JSON.parse(fs.readFileSync(path.join(ownGoldensDirectory, name, "config.json"), "utf8")) as Config

const own = foldersIn(ownGoldensDirectory).map((place) => path.basename(place))
const refusal = (config: Config) => Effect.flip(describeModel(config))

describe("a key of config.json", () => {
  it.effect("that nobody knows is refused by its name, in every family", () =>
    Effect.gen(function* () {
      for (const name of own) {
        const error = yield* refusal({ ...read(name), value_residual_mix: 0.5, is_causal: false })
        expect(error.keys, name).toEqual(["value_residual_mix", "is_causal"])
        expect(error.message).toContain("config.json: value_residual_mix 0.5; is_causal false is not implemented")
        expect(error.remedy).toContain("remove the keys from a copy of config.json")
      }
    })
  )

  it.effect("that has nothing to do with the mathematics hinders nobody, nor does null", () =>
    Effect.gen(function* () {
      const harmless = {
        _name_or_path: "x",
        attention_dropout: 0.5,
        pretraining_tp: 2,
        torch_dtype: "bfloat16",
        pad_token_id: 9,
        unsloth_version: "2025.1",
        "transformers.js_config": {},
        summary_type: "mean",
        temperature: 0.7,
        value_residual_mix: null,
        is_causal: true,
        pruned_heads: {}
      }
      for (const name of own) {
        const { warnings } = yield* describeModel({ ...read(name), ...harmless })
        expect(warnings, name).toEqual((yield* describeModel(read(name))).warnings)
      }
    })
  )

  it.effect("that is misspelt is refused with the name that was meant", () =>
    Effect.gen(function* () {
      const { message } = yield* refusal({ ...read("mistral"), slidng_window: 3 })
      expect(message).toContain(
        'slidng_window 3 is not implemented: it may change what the model computes; did you mean "sliding_window"?'
      )
    })
  )

  it.effect("of another family is refused unless it has the value that changes nothing", () =>
    Effect.gen(function* () {
      const layers = (type: string) => ({ layer_types: [type, type] })
      const cases: ReadonlyArray<readonly [string, Config, Config]> = [
        ["llama_yarn", { sliding_window: 4 }, { sliding_window: 4, use_sliding_window: false }],
        ["llama_yarn", layers("sliding_attention"), layers("full_attention")],
        ["llama_yarn", { attn_logit_softcapping: 50 }, { attn_logit_softcapping: null }],
        ["llama_yarn", { use_sliding_window: true }, { use_sliding_window: false, max_window_layers: 28 }],
        ["llama_yarn", { logits_scaling: 2 }, { logits_scaling: 1 }],
        ["mistral", { attention_bias: true }, { attention_bias: false }],
        ["mistral", { use_sliding_window: false }, { use_sliding_window: true }],
        ["mistral", { max_window_layers: 1 }, { max_window_layers: 1, sliding_window: null }],
        ["gemma2", { hidden_act: "relu", hidden_activation: null }, { hidden_act: "gelu", hidden_activation: null }],
        ["gemma2", { use_bidirectional_attention: true }, { use_bidirectional_attention: false }],
        ["neox_serial", { head_dim: 8 }, { head_dim: 4 }],
        ["gpt2_scaled", { add_cross_attention: true }, { add_cross_attention: false, n_ctx: 7 }]
      ]
      for (const [name, refused, accepted] of cases) {
        const { message } = yield* refusal({ ...read(name), ...refused })
        expect(message, JSON.stringify(refused)).toContain(Object.keys(refused)[0])
        yield* describeModel({ ...read(name), ...accepted })
      }
    })
  )

  it.effect("inside another is refused too: of the text part, of rotary parameters", () =>
    Effect.gen(function* () {
      const outer = { model_type: "gemma3", architectures: ["Gemma3ForConditionalGeneration"], vision_config: { a: 1 } }
      const text = read("gemma3")
      yield* describeModel({ ...outer, text_config: text, mm_tokens_per_image: 4 })
      const inText = yield* refusal({ ...outer, text_config: { ...text, no_rope_layers: [1] } })
      expect(inText.keys).toEqual(["text_config.no_rope_layers"])
      expect((yield* refusal({ ...outer, text_config: text, no_rope_layers: [1] })).keys).toEqual(["no_rope_layers"])
      const rope = (fields: Config) => refusal({ ...read("llama_yarn"), rope_parameters: fields })
      const types: Readonly<Record<string, Config>> = {
        default: { alpha: 8 },
        linear: { factor: 2, low_freq_factor: 1 },
        dynamic: { factor: 2, alpha: 3 },
        yarn: { factor: 4, original_max_position_embeddings: 8, long_factor: [1] },
        llama3: { factor: 2, low_freq_factor: 1, high_freq_factor: 4, beta_fast: 3 },
        longrope: { factor: 2, short_factor: [1, 1, 1, 1], long_factor: [1, 1, 1, 1], short_mscale: 2 }
      }
      for (const [rope_type, fields] of Object.entries(types)) {
        const key = Object.keys(fields).at(-1) as string
        expect((yield* rope({ rope_type, ...fields })).message, rope_type).toContain(`${key} `)
        yield* describeModel({ ...read("llama_yarn"), rope_parameters: { rope_type, ...fields, [key]: null } })
      }
    })
  )

  it.effect("that the reference library has and does not look at is warned of", () =>
    Effect.gen(function* () {
      const [capped] = (yield* describeModel({ ...read("gemma3"), attn_logit_softcapping: 50 })).warnings
      expect(capped).toContain("attn_logit_softcapping 50 of config.json is not looked at")
      const half = { rope_parameters: { rope_type: "default", rope_theta: 1e4 }, partial_rotary_factor: 0.5 }
      const described = yield* describeModel({ ...read("llama_yarn"), ...half })
      expect(described.warnings).toHaveLength(1)
      expect(described.warnings[0]).toContain("partial_rotary_factor 0.5 of config.json is not looked at")
      expect(attentionOf(described.blocks[0]!.attention)?.rotary?.dims).toBe(8)
    })
  )
})
