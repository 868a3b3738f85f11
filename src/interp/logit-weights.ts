/** Which tokens a latent promotes: the direct effect of its decoder row on the logits ("logit lens" of the latent). */
import * as tf from "@tensorflow/tfjs-core"
import { timesRows } from "../model/blocks/matrix-rows.ts"
import type { Matrix } from "../model/blocks/weights.ts"
import type { TokenWeight } from "../kinds/interpretations.ts"
import { rounded } from "./example-window.ts"

export interface LogitWeights {
  /** Largest weights, largest first. */
  readonly promoted: ReadonlyArray<TokenWeight>
  /** Smallest weights, smallest first. */
  readonly suppressed: ReadonlyArray<TokenWeight>
}

/** Latents at once: bounds the [latents, vocabulary] product. */
const blockLatents = 128

/** The normalisation between the residual stream and the logits. */
export interface FinalNorm {
  /** γ [d_model]. */
  readonly scale: Float32Array<ArrayBuffer>
  /** Whether it subtracts the mean first: LayerNorm does, RMSNorm does not. */
  readonly centres: boolean
}

export interface Unembedding {
  /** W_U^T [vocabulary, d_model], as the model holds it: not disposed. */
  readonly matrix: Matrix
  /** What logits are multiplied with. */
  readonly scale: number
}

/** The `count` tokens of the largest and of the smallest weights. */
export const extremeTokens = (weights: Float32Array, count: number): LogitWeights => ({
  promoted: extremes(weights, count, 1),
  suppressed: extremes(weights, count, -1)
})

/** The `count` largest by `sign * weight`; equal weights: the lower token first. */
const extremes = (weights: Float32Array, count: number, sign: 1 | -1): ReadonlyArray<TokenWeight> => {
  const best: Array<number> = []
  const value = (token: number): number => sign * (weights[token] as number)
  for (let token = 0; token < weights.length; token++) {
    if (best.length === count && value(token) <= value(best.at(-1) as number)) continue
    let at = best.length
    while (at > 0 && value(best[at - 1] as number) < value(token)) at--
    best.splice(at, 0, token)
    if (best.length > count) best.pop()
  }
  return best.map((token) => ({ token, weight: rounded(weights[token] as number) }))
}

/**
 * Weights w_j = (centred W_dec[j] ⊙ γ) W_U, minus their mean over the vocabulary (a constant added to all logits
 * changes nothing). The final normalisation divides by a norm that depends on the text; it is left out, as in models
 * whose normalisation TransformerLens has folded.
 *
 * @param rows [n, d_model]: decoder rows, row-major.
 * @param count Tokens listed on each side.
 */
export const logitWeights = (
  rows: Float32Array<ArrayBuffer>,
  norm: FinalNorm,
  unembedding: Unembedding,
  count: number
): ReadonlyArray<LogitWeights> => {
  const [vocabulary, d] = unembedding.matrix.shape
  const n = rows.length / d
  if (!Number.isInteger(n)) throw new RangeError(`${rows.length} numbers are no rows of d_model ${d}`)
  if (norm.scale.length !== d) throw new RangeError(`a final scale of ${norm.scale.length} for d_model ${d}`)
  const result: Array<LogitWeights> = []
  for (let first = 0; first < n; first += blockLatents) {
    const size = Math.min(blockLatents, n - first)
    const block = tf.tidy(() => {
      const rowsOfBlock = tf.tensor2d(rows.subarray(first * d, (first + size) * d), [size, d])
      const centred = norm.centres ? tf.sub(rowsOfBlock, tf.mean(rowsOfBlock, 1, true)) : rowsOfBlock
      const scaled = tf.mul<tf.Tensor2D>(centred, tf.mul(tf.tensor1d(norm.scale), unembedding.scale))
      const weights = timesRows(scaled, unembedding.matrix)
      return tf.sub(weights, tf.mean(weights, 1, true)).dataSync<"float32">()
    })
    for (let i = 0; i < size; i++) {
      result.push(extremeTokens(block.subarray(i * vocabulary, (i + 1) * vocabulary), count))
    }
  }
  return result
}
