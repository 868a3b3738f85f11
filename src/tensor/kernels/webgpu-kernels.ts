/**
 * The sparse kernels in shaders of our own (sparse-shaders.ts): matrices stay on the GPU; the pairs, kept on the host as on every
 * engine, are all that is read back.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SparseKernels } from "./sparse-kernels.ts"
import { latentOrder, makePattern, type SparseCodes, withValue } from "./sparse-pattern.ts"

/** As in sparse-shaders.ts; `AT_MOST_NOTHING` is above every number's. */
const NAN_KEY = 0
const AT_MOST_NOTHING = 0xff_ff_ff_ff
const SIGN = 0x80_00_00_00

const keyOfBits = (bits: number): number => {
  if ((bits & 0x7f_ff_ff_ff) > 0x7f_80_00_00) return NAN_KEY
  if (bits === SIGN) return SIGN
  return (bits & SIGN ? ~bits : bits | SIGN) >>> 0
}

/** What is above these numbers has greater keys; nothing is above NaN. */
const limitKeys = (limits: Float32Array): Int32Array =>
  new Int32Array(
    Uint32Array.from(new Uint32Array(limits.slice().buffer), (bits) => keyOfBits(bits) || AT_MOST_NOTHING).buffer
  )

const int32 = (values: Int32Array): tf.Tensor1D => tf.tensor1d(values, "int32")

const run = <T extends tf.Tensor = tf.Tensor>(
  name: string,
  inputs: Readonly<Record<string, tf.Tensor>>,
  attrs: Readonly<Record<string, number>> = {}
): T => tf.engine().runKernel(name, { ...inputs }, { ...attrs }) as T

const notEnough = (kernel: string): RangeError =>
  new RangeError(`${kernel}: too many NaN among the numbers to choose from`)

/** The codes of `rowStart`'s lengths from the keys above `limit` and the first of those that equal it; call in a tidy. */
const codesFrom = (
  kernel: string,
  pre: tf.Tensor2D,
  limit: tf.Tensor1D,
  rowStart: Int32Array,
  byLatent = false
): SparseCodes => {
  const [rows, latents] = pre.shape
  const count = rowStart[rows]!
  const inputs = { pre, limit, rowStart: int32(rowStart) }
  const found = run("SaeKeyLatents", inputs, { byLatent: Number(byLatent), count }).dataSync<"int32">()
  if (found.includes(-1)) throw notEnough(kernel)
  const pattern = makePattern(latents, rowStart, Int32Array.from(found))
  const places = pattern.latent.map((j, i) => pattern.row[i]! * latents + j)
  return withValue(pattern, tf.gather(tf.reshape<tf.Rank.R1>(pre, [-1]), int32(places)))
}

/** Runs in a tidy; the codes' values outlive it. */
const codesOf = (make: () => SparseCodes): SparseCodes => {
  let codes: SparseCodes | undefined
  const value = tf.tidy(() => {
    codes = make()
    return codes.value
  })
  return withValue(codes!, value)
}

/** The bin that holds the number of this rank, the largest being 1, and how many lie in higher ones. */
const binOfRank = (counts: Int32Array, rank: number): readonly [bin: number, higher: number] => {
  let higher = 0
  for (let bin = counts.length - 1; bin > 0; bin--) {
    if (higher + counts[bin]! >= rank) return [bin, higher]
    higher += counts[bin]!
  }
  return [0, higher]
}

const kthKeyOfAll = (pre: tf.Tensor2D, k: number): number => {
  const histogram = (upper: number): Int32Array => run("SaeKeyHistogram", { pre }, { upper }).dataSync<"int32">()
  const [upper, higher] = binOfRank(histogram(-1), k)
  const [lower] = binOfRank(histogram(upper), k - higher)
  return ((upper << 16) | lower) >>> 0
}

/** Where each row begins if it takes what is above its limit, and from `ties` of all rows, the first first. */
const rowStarts = (counts: Int32Array, ties: (above: number) => number): Int32Array => {
  const rows = counts.length / 2
  const rowStart = new Int32Array(rows + 1)
  let above = 0
  for (let row = 0; row < rows; row++) above += counts[2 * row]!
  let left = ties(above)
  for (let row = 0; row < rows; row++) {
    const taken = Math.min(left, counts[2 * row + 1]!)
    left -= taken
    rowStart[row + 1] = rowStart[row]! + counts[2 * row]! + taken
  }
  return rowStart
}

const keyCounts = (pre: tf.Tensor2D, limit: tf.Tensor1D, byLatent: boolean): Int32Array =>
  run("SaeKeyCounts", { pre, limit }, { byLatent: Number(byLatent) }).dataSync<"int32">()

export const webgpuKernels: SparseKernels = {
  topKRows: (pre, k) =>
    codesOf(() => {
      const rowStart = Int32Array.from({ length: pre.shape[0] + 1 }, (_, row) => row * k)
      return codesFrom("topKRows", pre, run<tf.Tensor1D>("SaeKthKeys", { pre }, { k }), rowStart)
    }),

  topKBatch: (pre, count) =>
    codesOf(() => {
      const key = kthKeyOfAll(pre, count)
      if (key === NAN_KEY) throw notEnough("topKBatch")
      const limit = int32(new Int32Array(pre.shape[0]).fill(key))
      const rowStart = rowStarts(keyCounts(pre, limit, false), (above) => count - above)
      return codesFrom("topKBatch", pre, limit, rowStart)
    }),

  aboveThreshold: (pre, threshold) =>
    codesOf(() => {
      const latents = pre.shape[1]
      const limits =
        typeof threshold === "number" ? new Float32Array(latents).fill(threshold) : threshold.dataSync<"float32">()
      const limit = int32(limitKeys(limits))
      const rowStart = rowStarts(keyCounts(pre, limit, true), () => 0)
      return codesFrom("aboveThreshold", pre, limit, rowStart, true)
    }),

  decode: (codes, weights) =>
    tf.tidy(() => {
      if (codes.latent.length === 0) return tf.zeros([codes.rows, weights.shape[1]])
      const pairs = { value: codes.value, latent: int32(codes.latent), rowStart: int32(codes.rowStart) }
      return run("SaeDecode", { ...pairs, weights })
    }),

  activeDots: (pattern, weights, x) =>
    tf.tidy(() => {
      if (pattern.latent.length === 0) return tf.tensor1d([], "float32")
      return run("SaeDots", { row: int32(pattern.row), latent: int32(pattern.latent), weights, x })
    }),

  scatterToLatents: (pattern, value, x) =>
    tf.tidy(() => {
      if (pattern.latent.length === 0) return tf.zeros([pattern.latents, x.shape[1]])
      const { pair, start } = latentOrder(pattern)
      return run("SaeScatter", { value, row: int32(pattern.row), pair: int32(pair), start: int32(start), x })
    })
}
