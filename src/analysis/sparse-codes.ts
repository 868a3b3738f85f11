/**
 * Codes of an SAE in compressed rows: only the latents that fire are kept, in ascending order within a row. All the
 * analyses work on these, since tens of some thousand latents are active.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SaeWeights } from "../artifact/sae.ts"

export interface SparseCodes {
  readonly rows: number
  readonly d_sae: number
  /** [rows + 1]: the entries of row r are `offsets[r]` to `offsets[r + 1]`. */
  readonly offsets: Uint32Array<ArrayBuffer>
  readonly latents: Uint32Array<ArrayBuffer>
  readonly values: Float32Array<ArrayBuffer>
}

/** What chooses a row's active latents from its pre-activations. */
export type Selection =
  /** f = z where z > threshold[j] and z > 0. */
  | { readonly type: "threshold"; readonly threshold: Float32Array<ArrayBuffer> }
  /** f = the k largest of relu(z); ties go to the lower latent. */
  | { readonly type: "topk"; readonly k: number }

/** An affine encoder: z = x W_enc + bias. */
export interface Encoder {
  readonly d_in: number
  readonly d_sae: number
  /** [d_in, d_sae] */
  readonly W_enc: Float32Array<ArrayBuffer>
  /** [d_sae] */
  readonly bias: Float32Array<ArrayBuffer>
  readonly selection: Selection
}

/** b_enc - b_dec W_enc (accumulated in f64) where b_dec is subtracted from the input, else b_enc. */
export const encoderBias = (sae: SaeWeights): Float32Array<ArrayBuffer> => {
  if (!sae.apply_b_dec_to_input) return sae.b_enc.slice()
  const bias = Float64Array.from(sae.b_enc)
  for (let i = 0; i < sae.d_in; i++) {
    const b = sae.b_dec[i]!
    if (b === 0) continue
    const row = i * sae.d_sae
    for (let j = 0; j < sae.d_sae; j++) bias[j]! -= b * sae.W_enc[row + j]!
  }
  return Float32Array.from(bias)
}

/** The encoder of an SAE as it is used at inference. */
export const encoderOf = (sae: SaeWeights): Encoder => ({
  d_in: sae.d_in,
  d_sae: sae.d_sae,
  W_enc: sae.W_enc,
  bias: encoderBias(sae),
  selection:
    sae.activation.type === "topk"
      ? { type: "topk", k: sae.activation.k }
      : { type: "threshold", threshold: sae.threshold ?? new Float32Array(sae.d_sae) }
})

/** Rows encoded at once: bounds the dense pre-activations, which are thrown away. */
const blockRows = (d_sae: number): number => Math.max(16, Math.min(4096, Math.floor((16 << 20) / d_sae)))

/** Calls `visit(z, first, rows)` with dense pre-activations [rows, d_sae], block by block. */
export const forEachPreActivation = (
  x: Float32Array<ArrayBuffer>,
  encoder: Encoder,
  visit: (z: Float32Array, first: number, rows: number) => void
): void => {
  const { d_in, d_sae } = encoder
  const n = x.length / d_in
  if (!Number.isInteger(n)) throw new RangeError(`${x.length} numbers are no rows of d_in ${d_in}`)
  const block = blockRows(d_sae)
  const [W, b] = tf.tidy(() => [tf.tensor2d(encoder.W_enc, [d_in, d_sae]), tf.tensor1d(encoder.bias)] as const)
  for (let first = 0; first < n; first += block) {
    const rows = Math.min(block, n - first)
    const z = tf.tidy(() =>
      tf
        .add(tf.matMul(tf.tensor2d(x.subarray(first * d_in, (first + rows) * d_in), [rows, d_in]), W), b)
        .dataSync<"float32">()
    )
    visit(z, first, rows)
  }
  W.dispose()
  b.dispose()
}

/** The k largest positive entries of `z[start .. start + d)`: their indices, ascending, into `into`; returns how many. */
export const topkOfRow = (
  z: Float32Array,
  start: number,
  d: number,
  k: number,
  heap: { readonly value: Float32Array; readonly index: Uint32Array }
): number => {
  const { value, index } = heap
  let size = 0
  const sift = (from: number): void => {
    let i = from
    for (;;) {
      let least = i
      for (let child = 2 * i + 1; child <= 2 * i + 2 && child < size; child++) {
        const difference = value[child]! - value[least]!
        // Of equal values the higher index goes first, so that the lower one stays.
        if (difference < 0 || (difference === 0 && index[child]! > index[least]!)) least = child
      }
      if (least === i) return
      const v = value[i]!
      const j = index[i]!
      value[i] = value[least]!
      index[i] = index[least]!
      value[least] = v
      index[least] = j
      i = least
    }
  }
  for (let j = 0; j < d; j++) {
    const v = z[start + j]!
    if (!(v > 0)) continue
    if (size < k) {
      value[size] = v
      index[size] = j
      size++
      if (size === k) for (let i = (k >> 1) - 1; i >= 0; i--) sift(i)
    } else if (v > value[0]!) {
      value[0] = v
      index[0] = j
      sift(0)
    }
  }
  index.subarray(0, size).sort()
  return size
}

/**
 * Encodes rows.
 * @param x [rows, d_in], row-major
 */
export const encodeSparse = (x: Float32Array<ArrayBuffer>, encoder: Encoder): SparseCodes => {
  const { d_in, d_sae, selection } = encoder
  const n = x.length / d_in
  const offsets = new Uint32Array(n + 1)
  let latents = new Uint32Array(Math.max(1024, n * 32))
  let values = new Float32Array(latents.length)
  let size = 0
  const heap =
    selection.type === "topk"
      ? { value: new Float32Array(selection.k), index: new Uint32Array(selection.k) }
      : undefined
  forEachPreActivation(x, encoder, (z, first, rows) => {
    for (let r = 0; r < rows; r++) {
      if (size + d_sae > latents.length) {
        const wider = new Uint32Array(2 * latents.length + d_sae)
        wider.set(latents)
        latents = wider
        const longer = new Float32Array(wider.length)
        longer.set(values)
        values = longer
      }
      const start = r * d_sae
      if (selection.type === "topk") {
        const count = topkOfRow(z, start, d_sae, selection.k, heap!)
        for (let i = 0; i < count; i++) {
          const j = heap!.index[i]!
          latents[size] = j
          values[size++] = z[start + j]!
        }
      } else {
        const { threshold } = selection
        for (let j = 0; j < d_sae; j++) {
          const v = z[start + j]!
          if (v > 0 && v > threshold[j]!) {
            latents[size] = j
            values[size++] = v
          }
        }
      }
      offsets[first + r + 1] = size
    }
  })
  return { rows: n, d_sae, offsets, latents: latents.slice(0, size), values: values.slice(0, size) }
}
