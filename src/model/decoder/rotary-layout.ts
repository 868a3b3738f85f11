/** How rotary decoders store the projections of attention and MLP: apart or fused, with biases or without. */
import type { ActivationFunction } from "../blocks/activation-function.ts"
import type { AttentionParameters } from "../blocks/attention-part.ts"
import { mlp, type MlpParameters } from "../blocks/mlp-part.ts"
import { linearMatrix, vector } from "../blocks/parameter-source.ts"
import type { Checkpoint, Part } from "../blocks/part.ts"
import type { LinearParameters } from "../blocks/weights.ts"

/** A name within attention, or within an MLP, as the checkpoint has it. */
type At = (name: string) => string

export interface AttentionShape {
  readonly d_model: number
  readonly heads: number
  readonly n_key_value_heads: number
  readonly d_head: number
  /** Whether the layer has keys, and values, of its own. */
  readonly keys: boolean
  readonly values: boolean
}

export interface AttentionBiases {
  readonly qkv: boolean
  readonly out: boolean
}

/** Where attention's matrices stand, and its sinks. */
export type AttentionLayout = (
  at: At,
  shape: AttentionShape
) => Pick<AttentionParameters, "qkv" | "out"> & Partial<Pick<AttentionParameters, "sinks">>

export const linearAt = (name: string, inputs: number, outputs: number, biased = false): LinearParameters => ({
  weight: linearMatrix([{ name: `${name}.weight`, outputs }], inputs),
  bias: biased ? vector(`${name}.bias`, outputs) : undefined
})

const outAt = (at: At, { d_model, heads, d_head }: AttentionShape, biased: boolean): LinearParameters =>
  linearAt(at("o_proj"), heads * d_head, d_model, biased)

/**
 * Queries, keys and values in matrices of their own.
 *
 * @param gated whether each head's gate stands with its query (Qwen 3.5)
 */
export const separate =
  (biases: AttentionBiases = { qkv: false, out: false }, gated = false): AttentionLayout =>
  (at, shape) => {
    const { heads, n_key_value_heads, d_head, d_model } = shape
    const parts = [
      {
        name: at("q_proj"),
        outputs: heads * d_head * (gated ? 2 : 1),
        ...(gated ? { interleaved: { heads, parts: 2 } } : {})
      },
      ...(shape.keys ? [{ name: at("k_proj"), outputs: n_key_value_heads * d_head }] : []),
      ...(shape.values ? [{ name: at("v_proj"), outputs: n_key_value_heads * d_head }] : [])
    ]
    const stored = (kind: string, inputs: ReadonlyArray<number>) =>
      parts.map(({ name, outputs, ...order }) => ({ name: `${name}.${kind}`, shape: [outputs, ...inputs], ...order }))
    return {
      qkv: {
        weight: { rank: 2, stored: stored("weight", [d_model]), transposed: true },
        bias: biases.qkv ? { rank: 1, stored: stored("bias", []) } : undefined
      },
      out: outAt(at, shape, biases.out)
    }
  }

/** Queries, keys and values in one matrix (Phi 3). */
export const fused: AttentionLayout = (at, shape) => ({
  qkv: linearAt(at("qkv_proj"), shape.d_model, (shape.heads + 2 * shape.n_key_value_heads) * shape.d_head),
  out: outAt(at, shape, false)
})

interface MlpShape {
  readonly d_model: number
  readonly d_mlp: number
}

export const gatedAt = (at: At, { d_model, d_mlp }: MlpShape, biased = false): MlpParameters => ({
  in: linearAt(at("gate_proj"), d_model, d_mlp, biased),
  up: linearAt(at("up_proj"), d_model, d_mlp, biased),
  out: linearAt(at("down_proj"), d_mlp, d_model, biased)
})

/** Gate and up projection in one matrix, the gate first (Phi 3). */
export const fusedGateAt = (at: At, { d_model, d_mlp }: MlpShape): MlpParameters => {
  const half = (from: number): LinearParameters => ({
    weight: {
      rank: 2,
      stored: [{ name: `${at("gate_up_proj")}.weight`, shape: [2 * d_mlp, d_model], rows: { from, count: d_mlp } }],
      transposed: true
    },
    bias: undefined
  })
  return { in: half(0), up: half(d_mlp), out: linearAt(at("down_proj"), d_mlp, d_model) }
}

/** The MLP of a block, where a layout says. */
export const gatedMlp = (
  layer: number,
  shape: MlpShape,
  activation: ActivationFunction,
  parameters: (at: At, shape: MlpShape) => MlpParameters = gatedAt,
  place?: string
): Part => {
  const locate = ({ name }: Checkpoint) => parameters((text) => name(`layers.${layer}.mlp.${text}`), shape)
  return mlp(shape.d_mlp, activation, locate, place)
}
