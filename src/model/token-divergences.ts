/**
 * KL(p || q) of the next token's distribution from final normalised rows. Without a cap logits are linear in the row, so that
 * sum_v p(v) (logits_p(v) - logits_q(v)) = (row_p - row_q) . sum_v p(v) U_v: the mean of the unembedding's rows under p is computed once, and
 * of each q nothing but its normalizer is wanted.
 */
import * as tf from "@tensorflow/tfjs-core"
import { rowsOf } from "./blocks/matrix-rows.ts"
import type { RunnableModel } from "./runnable-model.ts"
import { forBlocks, forRows, tokenDivergences } from "./unembed.ts"

type Unembedding = Pick<RunnableModel, "logitScale" | "logitCap" | "info" | "weights">

/** The mean of the unembedding's rows under each row's distribution: [n, d_model]. @param totals normalizers of the rows */
const meanUnembedding = (model: Unembedding, normalized: tf.Tensor2D, totals: Float64Array): Float32Array => {
  const [n, d] = normalized.shape
  const means = new Float32Array(n * d)
  forRows(normalized, (rows, start) => {
    const own = totals.subarray(start, start + rows.shape[0])
    const logZ = tf.tensor2d(Float32Array.from(own), [rows.shape[0], 1])
    forBlocks(model, rows, (logits, first) => {
      const ids = Int32Array.from({ length: logits.shape[1] }, (_, i) => first + i)
      const part = tf.matMul(tf.exp(tf.sub(logits, logZ)), rowsOf(model.weights.unembedding, ids))
      for (const [i, value] of part.dataSync<"float32">().entries()) {
        means[start * d + i] = (means[start * d + i] as number) + value
      }
    })
  })
  return means
}

export interface DivergencesFrom {
  /** KL(p || q) of each row. @param q [n, d_model]: not disposed; @param totalsQ its normalizers */
  readonly to: (q: tf.Tensor2D, totalsQ: Float64Array) => Float64Array
}

/**
 * @param p [n, d_model]: not disposed, and there as long as divergences are asked for
 * @param totalsP its normalizers
 */
export const divergencesFrom = (model: Unembedding, p: tf.Tensor2D, totalsP: Float64Array): DivergencesFrom => {
  if (model.logitCap !== undefined) {
    return { to: (q, totalsQ) => tokenDivergences(model, p, q, (rows) => (rows === p ? totalsP : totalsQ)) }
  }
  const [n, d] = p.shape
  const means = meanUnembedding(model, p, totalsP)
  const rowsP = p.dataSync<"float32">()
  return {
    to: (q, totalsQ) => {
      const rowsQ = q.dataSync<"float32">()
      return Float64Array.from({ length: n }, (_, i) => {
        let sum = 0
        for (let c = i * d; c < (i + 1) * d; c++) {
          sum += ((rowsP[c] as number) - (rowsQ[c] as number)) * (means[c] as number)
        }
        return model.logitScale * sum - ((totalsP[i] as number) - (totalsQ[i] as number))
      })
    }
  }
}
