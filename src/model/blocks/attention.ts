/**
 * Attention (Vaswani et al. 2017), causal or both ways, with fewer key and value heads than query heads where several queries share one
 * (Ainslie et al. 2023): patterns, and each head's mixture of values (`hook_z`), before the output projection. Causal queries are
 * the last ones of their keys: keys of tokens that were seen before may stand before them.
 */
import * as tf from "@tensorflow/tfjs-core"
import {
  attendAtOnce,
  causalPattern,
  mixByPattern,
  modelKernelsApply,
  type ScoreRules
} from "../../tensor/kernels/model-kernels.ts"
import { byHead } from "./heads.ts"
import { softCap } from "./soft-cap.ts"

/** Far below any score; its exponential is exactly 0 in f32, and unlike -infinity it never makes a NaN. */
const forbidden = -1e9

/** Where queries may look. */
export interface Sight {
  /** Keys that a query sees, its own the last; undefined: it looks to its right, too. */
  readonly window: number | undefined
  /** [queries, keys]: 0 where a query may look, `forbidden` elsewhere. Made only where it is needed. */
  readonly mask: () => tf.Tensor2D
}

/** Queries are the last of the keys. */
export const causalSight = (queries: number, keys = queries, window = keys): Sight => ({
  window,
  mask: () => {
    const mask = new Float32Array(queries * keys)
    for (let i = 0; i < queries; i++) {
      const own = keys - queries + i
      mask.fill(forbidden, i * keys + own + 1, (i + 1) * keys)
      mask.fill(forbidden, i * keys, i * keys + Math.max(0, own - window + 1))
    }
    return tf.tensor2d(mask, [queries, keys])
  }
})

/** Both ways: keys less than `reach` positions away. */
export const openSight = (time: number, reach = time): Sight => ({
  window: undefined,
  mask: () =>
    tf.tensor2d(
      Float32Array.from({ length: time * time }, (_, at) =>
        Math.abs(Math.floor(at / time) - (at % time)) < reach ? 0 : forbidden
      ),
      [time, time]
    )
})

/**
 * @param query [batch, heads, queries, d_head]
 * @param key [batch, key_value_heads, keys, d_head]
 * @returns [batch, heads, queries, keys], rows summing to 1, or to what the sink leaves
 */
export const attentionPattern = (
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  rules: ScoreRules,
  { window, mask }: Sight
): tf.Tensor4D => {
  if (window !== undefined && modelKernelsApply()) return causalPattern(query, key, rules, window)
  const { scale, cap, sinks } = rules
  const [batch, heads, queries, d_head] = query.shape
  const [, shared, keys] = key.shape
  // The queries of a shared key lie one after the other, as one taller matrix.
  const tall = tf.reshape(query, [batch, shared, (heads / shared) * queries, d_head])
  const scores = tf.reshape<tf.Rank.R4>(tf.matMul(tall, key, false, true), [batch, heads, queries, keys])
  const scaled = scale === 1 ? scores : tf.mul(scores, scale)
  const seen = tf.add<tf.Tensor4D>(softCap(scaled, cap), mask())
  if (sinks === undefined) return tf.softmax(seen)
  const sink = tf.tile(tf.reshape(sinks, [1, heads, 1, 1]), [batch, 1, queries, 1])
  const shares = tf.softmax(tf.concat([seen, sink], 3)) as tf.Tensor4D
  return tf.slice(shares, [0, 0, 0, 0], [batch, heads, queries, keys])
}

/**
 * @param pattern [batch, heads, queries, keys]
 * @param value [batch, key_value_heads, keys, d_head]
 * @returns [batch, heads, queries, d_head]
 */
const mixed = (pattern: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D => {
  const [batch, heads, queries, keys] = pattern.shape
  const [, shared, , d_head] = value.shape
  const tall = tf.reshape(pattern, [batch, shared, (heads / shared) * queries, keys])
  return tf.reshape<tf.Rank.R4>(tf.matMul(tall, value), [batch, heads, queries, d_head])
}

/**
 * @param pattern [batch, heads, queries, keys]
 * @param value [batch, key_value_heads, keys, d_head]
 * @returns [batch, queries, heads, d_head]: heads and time have changed places again.
 */
export const mixValues = (pattern: tf.Tensor4D, value: tf.Tensor4D): tf.Tensor4D =>
  modelKernelsApply() ? mixByPattern(pattern, value) : byHead(mixed(pattern, value))

/** Queries of a block, so that patterns of long contexts are never whole in memory. */
const blockQueries = 128

/**
 * `mixValues` of the pattern of causal attention, without patterns that are whole in memory.
 *
 * @param query [batch, heads, queries, d_head]
 * @param key [batch, key_value_heads, keys, d_head]
 * @param value [batch, key_value_heads, keys, d_head]
 * @param window keys that a query sees, its own the last
 * @returns [batch, queries, heads, d_head]
 */
export const attend = (
  query: tf.Tensor4D,
  key: tf.Tensor4D,
  value: tf.Tensor4D,
  scores: ScoreRules,
  window: number
): tf.Tensor4D => {
  if (modelKernelsApply()) return attendAtOnce(query, key, value, scores, window)
  const [queries, before] = [query.shape[2], key.shape[2] - query.shape[2]]
  const blocks: Array<tf.Tensor4D> = []
  for (let first = 0; first < queries; first += blockQueries) {
    const count = Math.min(blockQueries, queries - first)
    const from = Math.max(0, before + first - window + 1)
    const keys = before + first + count - from
    const part = (x: tf.Tensor4D, at: number, size: number) => tf.slice(x, [0, 0, at, 0], [-1, -1, size, -1])
    blocks.push(
      tf.tidy(() => {
        const sight = causalSight(count, keys, Math.min(window, keys))
        const pattern = attentionPattern(part(query, first, count), part(key, from, keys), scores, sight)
        return mixed(pattern, part(value, from, keys))
      })
    )
  }
  return byHead(tf.concat(blocks, 2))
}

/** Whether that is worth it for N queries. */
export const attendsInParts = (queries: number): boolean => modelKernelsApply() || queries > blockQueries
