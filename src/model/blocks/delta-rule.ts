/**
 * The gated delta rule (Yang et al. 2024, equation 10, and section 3.3 for its form by chunks). A head's state S [d_key, d_value]
 * begins with zeros; each token decays it, corrects what it holds for the token's key, and reads it:
 *
 *     S <- exp(decay) S;  S <- S + key (beta (value - S^T key))^T;  out = S^T query
 *
 * Within a chunk the corrections are the solution of one triangular system, which all chunks solve at once; then the state goes
 * from chunk to chunk.
 */
import * as tf from "@tensorflow/tfjs-core"

export interface DeltaRuleInputs {
  /** [batch * heads, d_key, d_value] after the tokens before. @default zeros */
  readonly state?: tf.Tensor3D | undefined
  /** [batch, time, heads, d_key] */
  readonly query: tf.Tensor4D
  readonly key: tf.Tensor4D
  /** [batch, time, heads, d_value] */
  readonly value: tf.Tensor4D
  /** [batch, time, heads] */
  readonly beta: tf.Tensor3D
  /** [batch, time, heads]: logarithms, at most 0. */
  readonly decay: tf.Tensor3D
}

/** Tokens of a chunk: within one they are solved one after the other, between chunks the state is carried on. */
const chunkTokens = 64

/** [batch, time, heads, n] as [batch * heads, chunks, tokens, n], with zeros behind the last token. */
const chunked = (x: tf.Tensor4D, chunks: number, tokens: number): tf.Tensor4D => {
  const [batch, time, heads, n] = x.shape
  const byHead = tf.transpose(x, [0, 2, 1, 3])
  const padded = tf.pad(byHead, [
    [0, 0],
    [0, 0],
    [0, chunks * tokens - time],
    [0, 0]
  ])
  return tf.reshape(padded, [batch * heads, chunks, tokens, n])
}

/** X of (1 + lower) X = right, where `lower` [..., tokens, tokens] is nothing on and above the diagonal: row by row. */
const solve = (lower: tf.Tensor4D, right: tf.Tensor4D): tf.Tensor4D => {
  const [n, chunks, tokens, width] = right.shape
  const row = (x: tf.Tensor4D, i: number, columns: number) => tf.slice(x, [0, 0, i, 0], [n, chunks, 1, columns])
  let solved = row(right, 0, width)
  for (let i = 1; i < tokens; i++) {
    const next = tf.sub<tf.Tensor4D>(row(right, i, width), tf.matMul(row(lower, i, i), solved))
    solved = tf.concat([solved, next], 2)
  }
  return solved
}

export interface DeltaRuleOutputs {
  /** [batch, time, heads, d_value] */
  readonly out: tf.Tensor4D
  /** After the last token, [batch * heads, d_key, d_value]. */
  readonly state: tf.Tensor3D
}

export const deltaRule = ({ query, key, value, beta, decay, state: before }: DeltaRuleInputs): DeltaRuleOutputs => {
  const [batch, time, heads, dKey] = query.shape
  const dValue = value.shape[3]
  const tokens = Math.min(time, chunkTokens)
  const chunks = Math.ceil(time / tokens)
  const part = (x: tf.Tensor4D) => chunked(x, chunks, tokens)
  const [q, k, v] = [part(query), part(key), part(value)]
  const b = part(tf.expandDims(beta, 3))
  /** Logarithm of how much is left of the chunk's beginning after each token, [batch * heads, chunks, tokens, 1]. */
  const rates = tf.reshape(part(tf.expandDims(decay, 3)), [batch * heads, chunks, tokens])
  const left = tf.expandDims<tf.Tensor4D>(tf.cumsum(rates, 2), 3)
  const triangle = (diagonal: number) =>
    tf.tensor2d(
      Float32Array.from({ length: tokens * tokens }, (_, i) =>
        i % tokens <= Math.floor(i / tokens) + diagonal ? 1 : 0
      ),
      [tokens, tokens]
    )
  // Above the diagonal the difference is positive, and could overflow before it is masked.
  const between = tf.exp(tf.minimum(tf.sub(left, tf.transpose(left, [0, 1, 3, 2])), 0))
  const kept = tf.exp(left)
  const lower = tf.mul<tf.Tensor4D>(tf.mul(tf.matMul(tf.mul(k, b), k, false, true), between), triangle(-1))
  const both = solve(lower, tf.concat([tf.mul(v, b), tf.mul(tf.mul(k, b), kept)], 3) as tf.Tensor4D)
  const corrections = tf.slice(both, [0, 0, 0, 0], [-1, -1, -1, dValue])
  const fromState = tf.slice(both, [0, 0, 0, dValue], [-1, -1, -1, dKey])
  const within = tf.mul<tf.Tensor4D>(tf.mul(tf.matMul(q, k, false, true), between), triangle(0))
  const reads = tf.mul<tf.Tensor4D>(q, kept)
  const last = tf.slice(left, [0, 0, tokens - 1, 0], [-1, -1, 1, 1])
  const writes = tf.mul<tf.Tensor4D>(k, tf.exp(tf.sub(last, left)))
  const lasting = tf.exp(last)

  const n = batch * heads
  const of = (x: tf.Tensor4D, chunk: number) =>
    tf.reshape<tf.Rank.R3>(tf.slice(x, [0, chunk, 0, 0], [-1, 1, -1, -1]), [n, x.shape[2], x.shape[3]])
  // Zeros behind the last token neither decay the state nor write to it.
  let state = before ?? tf.zeros<tf.Rank.R3>([n, dKey, dValue])
  const outputs: Array<tf.Tensor3D> = []
  for (let chunk = 0; chunk < chunks; chunk++) {
    const added = tf.sub<tf.Tensor3D>(of(corrections, chunk), tf.matMul(of(fromState, chunk), state))
    outputs.push(tf.add(tf.matMul(of(reads, chunk), state), tf.matMul(of(within, chunk), added)))
    state = tf.add(tf.mul(state, of(lasting as tf.Tensor4D, chunk)), tf.matMul(of(writes, chunk), added, true, false))
  }
  const all = tf.reshape(tf.concat(outputs, 1), [batch, heads, chunks * tokens, dValue])
  const out = tf.transpose(tf.slice(all, [0, 0, 0, 0], [-1, -1, time, -1]), [0, 2, 1, 3]) as tf.Tensor4D
  return { out, state }
}
