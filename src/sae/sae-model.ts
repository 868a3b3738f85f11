/**
 * An SAE's weights on the tensor engine: encode and decode. Sparse codes are what everything after the encoder should
 * work on; the dense form is there for small matrices.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { Encoding } from "../kinds/sae/latents/latent-type.ts"
import { activationType } from "../kinds/sae/latents/latents.ts"
import type { SaeActivation, SaeWeights } from "../kinds/sae/stored/sae-weights.ts"
import { type Choice, selectPairs } from "../tensor/kernels/select-pairs.ts"
import { decode as sparseDecode } from "../tensor/kernels/sparse-kernels.ts"
import { makePattern, type SparseCodes, withValue } from "../tensor/kernels/sparse-pattern.ts"

export interface SaeModel {
  readonly d_in: number
  readonly d_sae: number
  /** Width of the output: d_in but for transcoders. */
  readonly d_out: number
  readonly activation: SaeActivation
  /** [d_sae, d_in]: the encoder transposed, one row a latent. Owned by the model. */
  readonly W_enc_T: tf.Tensor2D
  /** [d_sae, d_out]. Owned by the model. */
  readonly W_dec: tf.Tensor2D
  /** z = (x - b_dec) W_enc + b_enc of the rows, normalised where the SAE does that: [rows, d_in] -> [rows, d_sae]. */
  readonly preActivations: (x: tf.Tensor2D) => tf.Tensor2D
  /** The latents that fire on each row, with their activations (all > 0, but for latents that have signs). Dispose of `value`, or call in a tidy. */
  readonly encode: (x: tf.Tensor2D) => SparseCodes
  /** The same as a matrix [rows, d_sae]. */
  readonly encodeDense: (x: tf.Tensor2D) => tf.Tensor2D
  /**
   * f W_dec + b_dec, from sparse or dense codes: [rows, d_out]. An SAE that normalises rows, has a skip connection or predicts
   * a part of its output needs the rows that the codes are of; without them it throws RangeError.
   */
  readonly decode: (codes: SparseCodes | tf.Tensor2D, x?: tf.Tensor2D) => tf.Tensor2D
  /** decode(encode(x)). */
  readonly reconstruct: (x: tf.Tensor2D) => tf.Tensor2D
  readonly dispose: () => void
}

/** Rows to encode at once so that the pre-activations take at most 64 MiB. */
export const encodeRows = (d_sae: number): number => Math.max(1, Math.min(4096, Math.floor(2 ** 24 / d_sae)))

/** Only the pairs with such values. */
const only = (codes: SparseCodes, keeps: (value: number) => boolean): SparseCodes => {
  const values = codes.value.dataSync<"float32">()
  let kept = 0
  for (const value of values) if (keeps(value)) kept += 1
  if (kept === values.length) return codes
  const latent = new Int32Array(kept)
  const value = new Float32Array(kept)
  const rowStart = new Int32Array(codes.rows + 1)
  let n = 0
  for (let row = 0; row < codes.rows; row++) {
    for (let i = codes.rowStart[row] as number; i < (codes.rowStart[row + 1] as number); i++) {
      if (!keeps(values[i] as number)) continue
      latent[n] = codes.latent[i] as number
      value[n] = values[i] as number
      n += 1
    }
    rowStart[row + 1] = n
  }
  codes.value.dispose()
  return withValue(makePattern(codes.latents, rowStart, latent), tf.tensor1d(value, "float32"))
}

/** The codes as a matrix [rows, latents]. */
const denseCodes = (codes: SparseCodes): tf.Tensor2D =>
  tf.tidy(() => {
    const values = codes.value.dataSync<"float32">()
    const dense = new Float32Array(codes.rows * codes.latents)
    for (let i = 0; i < values.length; i++) {
      dense[(codes.row[i] as number) * codes.latents + (codes.latent[i] as number)] = values[i] as number
    }
    return tf.tensor2d(dense, [codes.rows, codes.latents])
  })

/** Rows as such an SAE encodes them, and what its output is multiplied by and added to. */
const normalizedRows = (x: tf.Tensor2D, { normalize: how, input_scale: factor = 1 }: SaeWeights) => {
  const d_in = x.shape[1]
  if (how === "constant_scalar_rescale") {
    return { rows: tf.mul<tf.Tensor2D>(x, factor), scale: tf.scalar(1 / factor), shift: tf.scalar(0) }
  }
  if (how === "constant_norm_rescale") {
    const scale = tf.div(tf.norm(x, 2, 1, true), Math.sqrt(d_in))
    return { rows: tf.div<tf.Tensor2D>(x, scale), scale, shift: tf.scalar(0) }
  }
  const shift = tf.mean(x, 1, true)
  const centred = tf.sub<tf.Tensor2D>(x, shift)
  const scale = tf.sqrt(tf.div(tf.sum(tf.square(centred), 1, true), d_in - 1))
  return { rows: tf.div<tf.Tensor2D>(centred, tf.add(scale, 1e-5)), scale, shift }
}

/**
 * What a decoder row is multiplied by where it is added to such rows, [rows, 1] or a scalar: the rows' own scale where the SAE
 * normalises them. Undefined where it does not, and of a transcoder, whose output is not normalised. Call what it gives in a tidy.
 */
export const decoderScale = (weights: SaeWeights): ((x: tf.Tensor2D) => tf.Tensor) | undefined =>
  weights.normalize === undefined || weights.transcoder !== undefined
    ? undefined
    : (x) => normalizedRows(x, weights).scale

/** Puts the weights on the engine, where they stay until `dispose`. */
export const makeSaeModel = (weights: SaeWeights): SaeModel => {
  const { d_in, d_sae, activation, normalize } = weights
  const d_out = weights.transcoder?.d_out ?? d_in
  const [W_enc_T, W_dec, b_enc, b_dec] = [
    tf.tidy(() => tf.transpose(tf.tensor2d(weights.W_enc, [d_in, d_sae])) as tf.Tensor2D),
    tf.tensor2d(weights.W_dec, [d_sae, d_out]),
    tf.tensor1d(weights.b_enc),
    tf.tensor1d(weights.b_dec)
  ].map((tensor) => tf.keep(tensor)) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D]
  // relu(z) above the threshold: a negative threshold lets nothing more through.
  const floor =
    weights.threshold === undefined
      ? undefined
      : tf.keep(tf.tensor1d(weights.threshold.map((threshold) => Math.max(0, threshold))))

  const W_skip = weights.W_skip === undefined ? undefined : tf.keep(tf.tensor2d(weights.W_skip, [d_out, d_in]))

  /** What the encoder sees of the rows. Call in a tidy. */
  const encoderRows = (x: tf.Tensor2D): tf.Tensor2D => {
    const rows = normalize === undefined ? x : normalizedRows(x, weights).rows
    return weights.apply_b_dec_to_input ? tf.sub<tf.Tensor2D>(rows, b_dec) : rows
  }
  const preActivations = (x: tf.Tensor2D): tf.Tensor2D =>
    tf.tidy(() => tf.add(tf.matMul(encoderRows(x), W_enc_T, false, true), b_enc))
  const latents = activationType(activation)
  const chosen = (choice: Choice, rows: tf.Tensor2D, absolute = false): SparseCodes =>
    selectPairs(rows, W_enc_T, b_enc, choice, { absolute }).codes
  const encoding = (x: tf.Tensor2D): Encoding => ({
    tf,
    rows: () => encoderRows(x),
    pre: () => preActivations(x),
    W_enc_T,
    W_dec,
    threshold: floor,
    largest: (k, rows) => only(chosen({ from: "rows", count: k }, rows ?? encoderRows(x)), (value) => value > 0),
    strongest: (k) => only(chosen({ from: "rows", count: k }, encoderRows(x), true), (value) => value !== 0),
    above: (threshold, rows) => chosen({ above: threshold }, rows ?? encoderRows(x)),
    codes: (rowStart, latent, value) =>
      withValue(makePattern(d_sae, rowStart, Int32Array.from(latent)), tf.tensor1d(Float32Array.from(value), "float32"))
  })
  const encode = (x: tf.Tensor2D): SparseCodes => {
    let codes: SparseCodes | undefined
    tf.tidy(() => {
      codes = latents.encode?.(encoding(x), activation)
      return codes?.value as tf.Tensor
    })
    // Every activation is that of a type that encodes.
    return codes as SparseCodes
  }
  const decode = (codes: SparseCodes | tf.Tensor2D, x?: tf.Tensor2D): tf.Tensor2D =>
    tf.tidy(() => {
      const product = codes instanceof tf.Tensor ? tf.matMul(codes, W_dec) : sparseDecode(codes, W_dec)
      let result = tf.add<tf.Tensor2D>(product, b_dec)
      const restores = normalize !== undefined && weights.transcoder === undefined
      if (!restores && W_skip === undefined && latents.predicted === undefined) return result
      if (x === undefined) throw new RangeError("this SAE decodes only with the rows that were encoded")
      if (latents.predicted !== undefined) result = tf.add(result, latents.predicted(encoding(x), activation))
      if (restores) {
        const { scale, shift } = normalizedRows(x, weights)
        result = tf.add(tf.mul(result, scale), shift)
      }
      return W_skip === undefined ? result : tf.add(result, tf.matMul(x, W_skip, false, true))
    })
  return {
    d_in,
    d_sae,
    d_out,
    activation,
    W_enc_T,
    W_dec,
    preActivations,
    encode,
    encodeDense: (x) => tf.tidy(() => denseCodes(encode(x))),
    decode,
    reconstruct: (x) => tf.tidy(() => decode(encode(x), x)),
    dispose: () =>
      tf.dispose([W_enc_T, W_dec, b_enc, b_dec, ...[floor, W_skip].filter((tensor) => tensor !== undefined)])
  }
}

/** The same, disposed of with the scope. */
export const openSaeModel = (weights: SaeWeights) =>
  Effect.acquireRelease(
    Effect.sync(() => makeSaeModel(weights)),
    (model) => Effect.sync(model.dispose)
  )
