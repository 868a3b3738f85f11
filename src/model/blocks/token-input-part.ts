/**
 * What Gemma 3n and 4 add to the residual stream after the MLP: a vector of the token's own for each layer, mixed with one that
 * is made of its embedding, let through by a gate that the residual stream sets.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { ActivationFunction } from "./activation-function.ts"
import { project } from "./linear.ts"
import { rowsOf } from "./matrix-rows.ts"
import { normalize, type NormDescription } from "./norm.ts"
import type { MatrixSource } from "./parameter-source.ts"
import { type Checkpoint, makePart, type Part } from "./part.ts"
import type { Filled, LinearParameters, NormParameters } from "./weights.ts"

export interface TokenInputParameters {
  /** [vocabulary, d] */
  readonly table: MatrixSource
  /** [d_model, d] */
  readonly fromEmbedding: LinearParameters
  /** [d] */
  readonly embeddingNorm: NormParameters
  /** [d_model, d] */
  readonly gate: LinearParameters
  /** [d, d_model] */
  readonly out: LinearParameters
  /** [d_model] */
  readonly outNorm: NormParameters
}

export interface TokenInputOptions {
  readonly d_model: number
  /** Width of the vectors. */
  readonly d: number
  readonly activation: ActivationFunction
  readonly norm: NormDescription
}

export const tokenInput = (
  options: TokenInputOptions,
  locate: (checkpoint: Checkpoint) => TokenInputParameters
): Part => {
  const { d_model, d, activation, norm } = options
  const part = makePart([], locate, (weights: Filled<TokenInputParameters>, { residual, pass }) => {
    const embedded = pass.embedded()
    if (embedded === undefined) throw new Error("the pass kept no embedding")
    const rows = tf.reshape(rowsOf(weights.table, pass.ids), [pass.batch, pass.time, d])
    const own = tf.mul(rows, Math.fround(Math.sqrt(d)))
    const made = tf.mul(project(embedded, weights.fromEmbedding), d_model ** -0.5)
    const input = tf.mul(tf.add(normalize(made, weights.embeddingNorm, norm), own), Math.SQRT1_2)
    const gated = activation(project(residual, weights.gate), undefined, input)
    return normalize(project(gated, weights.out), weights.outNorm, norm)
  })
  return { ...part, needsBeginning: true }
}
