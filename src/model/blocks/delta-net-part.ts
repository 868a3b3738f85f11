/**
 * Gated delta rule attention in attention's place (Yang et al. 2024, "Gated Delta Networks"), as Qwen 3.5 has it: queries, keys
 * and values mixed with their last neighbours, then a matrix for each head that decays, and is corrected by each token.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ActivationFunction } from "./activation-function.ts"
import { deltaRule } from "./delta-rule.ts"
import { project } from "./linear.ts"
import { rowsOf } from "./matrix-rows.ts"
import { rmsNorm } from "./norm.ts"
import type { MatrixSource, VectorSource } from "./parameter-source.ts"
import { type Checkpoint, type Inputs, makePart, type Part } from "./part.ts"
import type { Filled, LinearParameters, Matrix, NormParameters } from "./weights.ts"

export interface DeltaNetParameters {
  /** Queries, keys and values side by side, [d_model, 2 * heads * d_key + value_heads * d_value]. */
  readonly qkv: LinearParameters
  /** [kernel, 2 * heads * d_key + value_heads * d_value]: the last row is for the token itself. */
  readonly convolution: MatrixSource
  /** [d_model, value_heads] */
  readonly beta: LinearParameters
  /** [d_model, value_heads] */
  readonly decay: LinearParameters
  /** [value_heads] */
  readonly decayBias: VectorSource
  /** [value_heads]: logarithm of the greatest rate of decay. */
  readonly decayLog: VectorSource
  /** [d_model, value_heads * d_value] */
  readonly gate: LinearParameters
  /** Over each head, [d_value] */
  readonly norm: NormParameters
  readonly out: LinearParameters
}

export interface DeltaNetOptions {
  /** Heads of queries and keys; each serves as many value heads. */
  readonly heads: number
  readonly valueHeads: number
  readonly dKey: number
  readonly dValue: number
  /** Tokens that the convolution sees. */
  readonly kernel: number
  /** After the convolution. */
  readonly activation: ActivationFunction
  readonly epsilon: number
}

/**
 * Each token's channels with those of the tokens before it.
 *
 * @param x [batch, kernel - 1 + time, n]: the last tokens before, and the tokens
 * @param weights [kernel, n]
 * @returns [batch, time, n]
 */
const convolve = (x: tf.Tensor3D, weights: Matrix, kernel: number): tf.Tensor => {
  const [, rows, n] = x.shape
  const time = rows - kernel + 1
  return tf.addN(
    Array.from({ length: kernel }, (_, k) =>
      tf.mul(tf.slice(x, [0, k, 0], [-1, time, n]), rowsOf(weights, Int32Array.of(k)))
    )
  )
}

/** Of length 1 over the last axis. */
const unit = (x: tf.Tensor4D): tf.Tensor4D => tf.mul(x, tf.rsqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-6)))

/** x [batch, time, heads, n] with each head as often as it is shared. */
const repeated = (x: tf.Tensor4D, times: number): tf.Tensor4D => {
  const [batch, time, heads, n] = x.shape
  if (times === 1) return x
  return tf.reshape(tf.tile(tf.reshape(x, [batch * time * heads, 1, n]), [1, times, 1]), [
    batch,
    time,
    heads * times,
    n
  ])
}

export const deltaNet = (options: DeltaNetOptions, locate: (checkpoint: Checkpoint) => DeltaNetParameters): Part => {
  const { heads, valueHeads, dKey, dValue, kernel } = options
  const [keys, values] = [heads * dKey, valueHeads * dValue]

  const run = (weights: Filled<DeltaNetParameters>, { read, pass, memory, hooks: { visit } }: Inputs): tf.Tensor => {
    const { batch, time } = pass
    const projected = project(read, weights.qkv) as tf.Tensor3D
    const width = projected.shape[2]
    const before = memory.before()
    const tail = before?.["tail"] ?? tf.zeros([batch, kernel - 1, width])
    const rows = tf.concat([tail as tf.Tensor3D, projected], 1)
    const mixed = options.activation(convolve(rows, weights.convolution, kernel))
    const part = (point: string, from: number, count: number, width: number) =>
      visit(
        `linear_attn.${point}`,
        tf.reshape(tf.slice(mixed, [0, 0, from], [-1, -1, count * width]), [batch, time, count, width])
      ) as tf.Tensor4D
    const shared = valueHeads / heads
    const query = repeated(unit(part("hook_q", 0, heads, dKey)), shared)
    const key = repeated(unit(part("hook_k", keys, heads, dKey)), shared)
    const value = part("hook_v", 2 * keys, valueHeads, dValue)
    const beta = visit("linear_attn.hook_beta", tf.sigmoid(project(read, weights.beta))) as tf.Tensor3D
    const rate = tf.softplus(tf.add(project(read, weights.decay), weights.decayBias))
    const decay = visit("linear_attn.hook_log_decay", tf.neg(tf.mul(tf.exp(weights.decayLog), rate))) as tf.Tensor3D
    const { out, state } = deltaRule({
      query: tf.mul(query, dKey ** -0.5),
      key,
      value,
      beta,
      decay,
      state: before && tf.reshape(before["state"] as tf.Tensor, [batch * valueHeads, dKey, dValue])
    })
    memory.keep?.({
      tail: tf.slice(rows, [0, time, 0], [-1, kernel - 1, -1]),
      state: tf.reshape(state, [batch, valueHeads, dKey, dValue])
    })
    const recurrent = visit("linear_attn.hook_recurrence_out", out)
    const gate = tf.reshape(project(read, weights.gate), [batch, time, valueHeads, dValue])
    const gated = tf.mul(rmsNorm(recurrent, weights.norm, options.epsilon), tf.mul(gate, tf.sigmoid(gate)))
    return project(tf.reshape(gated, [batch, time, values]), weights.out)
  }

  const points = [
    { name: "linear_attn.hook_q", shape: [heads, dKey] },
    { name: "linear_attn.hook_k", shape: [heads, dKey] },
    { name: "linear_attn.hook_v", shape: [valueHeads, dValue] },
    { name: "linear_attn.hook_beta", shape: [valueHeads] },
    { name: "linear_attn.hook_log_decay", shape: [valueHeads] },
    { name: "linear_attn.hook_recurrence_out", shape: [valueHeads, dValue] }
  ]
  return makePart(points, locate, run)
}
