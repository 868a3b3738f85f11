/**
 * Logits from the final normalised residual stream (`ln_final.hook_normalized`), and what is mostly wanted of them. All
 * logits of a long text do not fit in memory where the vocabulary is large (1 MB a token at 262,144 tokens), so losses
 * and best tokens are found in blocks of the vocabulary.
 */
import * as tf from "@tensorflow/tfjs-core"
import { rowsOf, timesRows } from "./blocks/matrix-rows.ts"
import { softCap } from "./blocks/soft-cap.ts"
import type { RunnableModel } from "./runnable-model.ts"

type Head = Pick<RunnableModel, "logitScale" | "logitCap">
type Unembedding = Head & Pick<RunnableModel, "info" | "weights">

/** Logits of the products of normalised rows and rows of the unembedding. */
const logitsOf = <T extends tf.Tensor>({ logitScale, logitCap }: Head, products: T): T =>
  softCap(logitScale === 1 ? products : tf.mul(products, logitScale), logitCap)

/** Numbers of a block of logits: 64 MiB. */
const blockNumbers = 2 ** 24

/** The least number of tokens of the vocabulary at once: each block copies their rows of the unembedding. */
const leastTokens = 4096

/**
 * @param normalized [n, d_model]
 * @returns [n, vocabulary]
 */
export const unembed = (model: Head & Pick<RunnableModel, "weights">, normalized: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => logitsOf(model, timesRows(normalized, model.weights.unembedding)))

/** Calls `use` with the logits of one block of the vocabulary after the other, each in a tidy: [n, tokens], from `first` on. */
export const forBlocks = (
  model: Unembedding,
  normalized: tf.Tensor2D,
  use: (logits: tf.Tensor2D, first: number) => void
): void => {
  const { info, weights } = model
  const [n] = normalized.shape
  const size = Math.min(info.d_vocab, Math.max(leastTokens, Math.floor(blockNumbers / Math.max(1, n))))
  for (let first = 0; first < info.d_vocab; first += size) {
    const count = Math.min(size, info.d_vocab - first)
    tf.tidy(() => use(logitsOf(model, timesRows(normalized, weights.unembedding, { first, count })), first))
  }
}

/** Rows at once, so that a block of the vocabulary at its smallest stays within `blockNumbers`. */
const rowsAtOnce = blockNumbers / leastTokens

export const forRows = (normalized: tf.Tensor2D, use: (rows: tf.Tensor2D, first: number) => void): void => {
  const [n, d] = normalized.shape
  for (let first = 0; first < n; first += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, n - first)
    tf.tidy(() => use(count === n ? normalized : tf.slice(normalized, [first, 0], [count, d]), first))
  }
}

/** Logarithm of the sum of exp over the vocabulary, of each row: [n]. */
const logNormalizers = (model: Unembedding, rows: tf.Tensor2D): Float64Array => {
  const total = new Float64Array(rows.shape[0]).fill(Number.NEGATIVE_INFINITY)
  forBlocks(model, rows, (logits) => {
    const sums = tf.logSumExp(logits, 1).dataSync<"float32">()
    for (const [i, sum] of sums.entries()) {
      const before = total[i] as number
      const greater = Math.max(before, sum)
      total[i] = greater + Math.log(Math.exp(before - greater) + Math.exp(sum - greater))
    }
  })
  return total
}

/**
 * Logarithm of the sum of exp over the vocabulary, of each row: half of a loss, and of a divergence two of four products with the
 * unembedding, so that whoever wants several of the same rows computes it once.
 *
 * @param normalized [n, d_model]: not disposed
 */
export const tokenNormalizers = (model: Unembedding, normalized: tf.Tensor2D): Float64Array => {
  const all = new Float64Array(normalized.shape[0])
  forRows(normalized, (rows, start) => all.set(logNormalizers(model, rows), start))
  return all
}

/**
 * Cross entropy of each target, in nats.
 *
 * @param normalized [n, d_model]: not disposed
 * @param targets [n] token ids
 * @param normalizers of the rows
 * @throws RangeError for a target outside the vocabulary
 */
export const tokenLosses = (
  model: Unembedding,
  normalized: tf.Tensor2D,
  targets: Int32Array,
  normalizers: () => Float64Array = () => tokenNormalizers(model, normalized)
): Float64Array => {
  const { d_vocab: vocabulary } = model.info
  if (targets.length !== normalized.shape[0]) {
    throw new RangeError(`${targets.length} targets for ${normalized.shape[0]} rows`)
  }
  for (const target of targets) {
    if (!(target >= 0 && target < vocabulary)) throw new RangeError(`target ${target} is outside the vocabulary`)
  }
  const losses = new Float64Array(targets.length)
  const total = normalizers()
  forRows(normalized, (rows, start) => {
    const own = targets.subarray(start, start + rows.shape[0])
    const wanted = rowsOf(model.weights.unembedding, own)
    const values = logitsOf(model, tf.sum(tf.mul(rows, wanted), 1)).dataSync<"float32">()
    for (const [i, value] of values.entries()) losses[start + i] = (total[start + i] as number) - value
  })
  return losses
}

/**
 * KL(p || q) of the next token's distribution, in nats, of each row.
 *
 * @param p [n, d_model]: not disposed
 * @param q [n, d_model]: not disposed
 * @param normalizers of the rows of both
 */
export const tokenDivergences = (
  model: Unembedding,
  p: tf.Tensor2D,
  q: tf.Tensor2D,
  normalizers: (rows: tf.Tensor2D) => Float64Array = (rows) => tokenNormalizers(model, rows)
): Float64Array => {
  const n = p.shape[0]
  const [allP, allQ] = [normalizers(p), normalizers(q)]
  const divergences = new Float64Array(n)
  const pairs = tf.concat([p, q], 1)
  forRows(pairs, (both, start) => {
    const [ofP, ofQ] = tf.split(both, 2, 1) as [tf.Tensor2D, tf.Tensor2D]
    const [totalP, totalQ] = [allP, allQ].map((all) => all.subarray(start, start + ofP.shape[0])) as [
      Float64Array,
      Float64Array
    ]
    const logZ = tf.tensor2d(Float32Array.from(totalP), [ofP.shape[0], 1])
    // Two blocks of logits at once: sum of p (logits_p - logits_q), then the normalizers' difference.
    forBlocks(model, ofP, (logitsP, first) => {
      const logitsQ = logitsOf(model, timesRows(ofQ, model.weights.unembedding, { first, count: logitsP.shape[1] }))
      const parts = tf.sum(tf.mul(tf.exp(tf.sub(logitsP, logZ)), tf.sub(logitsP, logitsQ)), 1).dataSync<"float32">()
      for (const [i, part] of parts.entries()) divergences[start + i] = (divergences[start + i] as number) + part
    })
    for (const [i, z] of totalP.entries()) {
      divergences[start + i] = (divergences[start + i] as number) - (z - (totalQ[i] as number))
    }
  })
  pairs.dispose()
  return divergences
}
