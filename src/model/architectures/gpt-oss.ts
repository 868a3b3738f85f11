/**
 * GPT-OSS (OpenAI 2025) as Hugging Face's `GptOssForCausalLM` has it: experts with a clamped gate, attention with sinks and a
 * window in every other layer. Experts may be stored in MXFP4, as they are published.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Schema from "effect/Schema"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import { experts } from "../blocks/experts-part.ts"
import type { MlpParameters } from "../blocks/mlp-part.ts"
import type { MatrixSource, Range, VectorSource } from "../blocks/parameter-source.ts"
import { optional, positive } from "../decoder/config-schema.ts"
import { checkChosen } from "../decoder/experts-layout.ts"
import { singleRope, windowOf } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"
import { linearAt, separate } from "../decoder/rotary-layout.ts"

/** (up + 1) * gate * logistic(alpha * gate), with gate and up kept within a limit. */
const clampedGate =
  (alpha: number, limit: number): ActivationFunction =>
  (x, bias, up) => {
    const gate = tf.minimum(bias === undefined ? x : tf.add(x, bias), limit)
    const glu = tf.mul(gate, tf.sigmoid(tf.mul(gate, alpha)))
    return up === undefined ? glu : tf.mul(tf.add(tf.clipByValue(up, -limit, limit), 1), glu)
  }

interface Stack {
  /** `...mlp.experts` */
  readonly name: string
  readonly experts: number
  readonly d_model: number
  readonly d_mlp: number
  /** [out, in] in MXFP4, else [in, out]. */
  readonly packed: boolean
}

/** One of a stack of matrices; of the outputs, every `step`-th from `first` on. */
const matrixOf = (
  stack: Stack,
  name: string,
  expert: number,
  inputs: number,
  outputs: Required<Range>
): MatrixSource => {
  const all = outputs.count * outputs.step
  return stack.packed
    ? {
        rank: 2,
        stored: [
          {
            name: `${stack.name}.${name}_blocks`,
            shape: [stack.experts, all, inputs],
            rows: { ...outputs, from: expert * all + outputs.from }
          }
        ],
        transposed: true
      }
    : {
        rank: 2,
        stored: [
          {
            name: `${stack.name}.${name}`,
            shape: [stack.experts, inputs, all],
            rows: { from: expert * inputs, count: inputs },
            columns: outputs
          }
        ],
        transposed: false
      }
}

const biasOf = (stack: Stack, name: string, expert: number, outputs: Required<Range>): VectorSource => ({
  rank: 1,
  stored: [
    {
      name: `${stack.name}.${name}_bias`,
      shape: [stack.experts, outputs.count * outputs.step],
      rows: { from: expert, count: 1 },
      columns: outputs
    }
  ]
})

/** Gates and ups take turns. */
const expertOf = (stack: Stack, expert: number): MlpParameters => {
  const { d_model, d_mlp } = stack
  const of = (name: string, inputs: number, outputs: Required<Range>) => ({
    weight: matrixOf(stack, name, expert, inputs, outputs),
    bias: biasOf(stack, name, expert, outputs)
  })
  return {
    in: of("gate_up_proj", d_model, { from: 0, count: d_mlp, step: 2 }),
    up: of("gate_up_proj", d_model, { from: 1, count: d_mlp, step: 2 }),
    out: of("down_proj", d_mlp, { from: 0, count: d_model, step: 1 })
  }
}

const isMxfp4 = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "quant_method" in value && value.quant_method === "mxfp4"

export default rotaryDecoder({
  name: "gpt_oss",
  fields: Schema.Struct({
    attention_bias: optional(Schema.Boolean),
    num_local_experts: optional(positive),
    num_experts_per_tok: optional(positive),
    swiglu_alpha: optional(Schema.Finite),
    swiglu_limit: optional(Schema.Finite)
  }),
  defaults: {
    vocab_size: 201_088,
    hidden_size: 2880,
    intermediate_size: 2880,
    num_hidden_layers: 36,
    num_attention_heads: 64,
    num_key_value_heads: 8,
    head_dim: 64,
    max_position_embeddings: 131_072,
    sliding_window: 128,
    rms_norm_eps: 1e-5,
    attention_bias: true,
    rope_parameters: {
      rope_type: "yarn",
      factor: 32,
      beta_fast: 32,
      beta_slow: 1,
      truncate: false,
      original_max_position_embeddings: 4096
    }
  },
  refuses: { quantization_config: isMxfp4 },
  layout: (config) => (at, shape) => ({
    ...separate({ qkv: config.attention_bias === true, out: config.attention_bias === true })(at, shape),
    sinks: { rank: 1, stored: [{ name: at("sinks"), shape: [shape.heads] }] }
  }),
  attention: (config, layer, { d_head }) => {
    const type = config.layer_types?.[layer] ?? (layer % 2 === 0 ? "sliding_attention" : "full_attention")
    return plainAttention(d_head, singleRope(config, 150_000), windowOf(config, type))
  },
  mlp: ({ config, layer }) => {
    const { hidden_size: d_model, intermediate_size: d_mlp } = config
    const options = {
      d_mlp,
      experts: config.num_local_experts ?? 128,
      chosen: config.num_experts_per_tok ?? 4,
      activation: clampedGate(config.swiglu_alpha ?? 1.702, config.swiglu_limit ?? 7),
      weighting: "chosen"
    } as const
    return (
      checkChosen(options) ??
      experts(options, ({ has, name }) => {
        const place = name(`layers.${layer}.mlp`)
        const stack = { name: `${place}.experts`, experts: options.experts, d_model, d_mlp }
        const packed = has(`${stack.name}.gate_up_proj_blocks`)
        return {
          router: linearAt(`${place}.router`, d_model, options.experts, true),
          experts: Array.from({ length: options.experts }, (_, expert) => expertOf({ ...stack, packed }, expert))
        }
      })
    )
  }
})
