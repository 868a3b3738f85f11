/**
 * The parts that architectures with thresholds of their own share: encode, choose the active pairs, reconstruct, and turn
 * gradients of the active values into gradients of the weights. Only active pairs are decoded and given gradients, exactly:
 * all other activations and their gradients are zero.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { LatentGradient } from "../../tensor/kernels/latent-gradient.ts"
import { fixedProduct, productOfRows, sumOfRows } from "../../tensor/kernels/fixed-sums.ts"
import { type Choice, selectPairs } from "../../tensor/kernels/select-pairs.ts"
import type { SparsePattern } from "../../tensor/kernels/sparse-pattern.ts"
import { rowNorms } from "../../tensor/kernels/unit-rows.ts"
import type { Batch, Gradients } from "../architecture.ts"
import { pairSums, sparseOrMatrix } from "./code-products.ts"
import { decodeBoth, decodeErrors } from "./decode-errors.ts"
import { reconstructionWeight } from "./reconstruction-weight.ts"

/** x, or x - b_dec: what the encoder multiplies. [rows, d_in] */
export const encoderInput = ({ x, b_dec, options }: Batch): tf.Tensor2D =>
  options.apply_b_dec_to_input ? tf.sub(x, b_dec) : tf.clone(x)

export interface ActivePairs {
  readonly pattern: SparsePattern
  /** z of every pair. */
  readonly z: Float32Array
  /** Pairs whose z was computed to choose them, where not all were. */
  readonly candidates: number | undefined
}

/** Pairs that are chosen by z = input W_enc^T + bias. */
export const encodedPairs = (
  { options }: Pick<Batch, "options">,
  input: tf.Tensor2D,
  W_enc: tf.Tensor2D,
  bias: tf.Tensor1D,
  choice: Choice,
  absolute = false
): ActivePairs => {
  const { codes, candidates } = selectPairs(input, W_enc, bias, choice, { precision: options.precision, absolute })
  const z = codes.value.dataSync<"float32">()
  codes.value.dispose()
  return { pattern: codes, z, candidates }
}

/** Pairs whose z is above the limit of their latent. */
export const pairsAbove = (
  batch: Pick<Batch, "W_enc" | "options">,
  input: tf.Tensor2D,
  bias: tf.Tensor1D,
  limit: number | Float32Array
): ActivePairs => {
  const above = typeof limit === "number" ? limit : tf.tensor1d(limit)
  const pairs = encodedPairs(batch, input, batch.W_enc, bias, { above })
  if (typeof above !== "number") above.dispose()
  return pairs
}

export interface Reconstruction {
  /** Mean over rows of |x - x_hat|^2. */
  readonly mse: number
  /** The loss's part of it; of all prefixes. */
  readonly loss: number
  /** Gradient of that part by what the latents of each prefix's last group add to x_hat: [prefixes * rows, d_out]. */
  readonly gradient: tf.Tensor2D
  /** What the last prefix's error was multiplied by there. */
  readonly scale: number
  /** And by the activation of every pair. */
  readonly dots: Float32Array
  /** The gradient by the output of all prefixes, summed over the rows: [d_out]. */
  readonly columns: tf.Tensor1D
}

/** b_dec (and x W_skip^T) without what latents add, minus the target: [rows, d_out]. */
const baseError = ({ x, target, b_dec, W_skip }: Batch): tf.Tensor2D =>
  tf.tidy(() => {
    const base = tf.sub(b_dec, target) as tf.Tensor2D
    return W_skip === undefined ? base : (tf.add(base, productOfRows(x, W_skip)) as tf.Tensor2D)
  })

/**
 * Of f on the pairs: the output is f W_dec + b_dec (+ x W_skip^T). With several `ends`, every prefix of the latents is an
 * output of its own, and the loss is `weight` times the sum of theirs.
 */
export const reconstruct = (
  batch: Batch,
  pattern: SparsePattern,
  f: Float32Array,
  prefixes: { readonly ends: Int32Array; readonly weight: number } = {
    ends: Int32Array.of(pattern.latents),
    weight: 1
  }
): Reconstruction => {
  const { target, W_dec, options, variance } = batch
  const [rows, d_out] = target.shape
  const weight = reconstructionWeight(options, variance, d_out) * prefixes.weight
  const scale = (2 * weight) / rows
  const base = baseError(batch)
  const { gradient, dots, squares, columns } = decodeErrors(pattern, f, W_dec, base, scale, prefixes.ends)
  base.dispose()
  const missed = squares.reduce((sum, square) => sum + square, 0)
  return { mse: (squares.at(-1) as number) / rows, loss: (weight * missed) / rows, gradient, scale, dots, columns }
}

/** `reconstruct` with f, and loss and dots with other activations g of the same pairs. */
export const reconstructBoth = (
  batch: Batch,
  pattern: SparsePattern,
  f: Float32Array,
  g: Float32Array
): Reconstruction & { readonly others: Pick<Reconstruction, "loss" | "dots"> } => {
  const { target, W_dec, options, variance } = batch
  const [rows, d_out] = target.shape
  const weight = reconstructionWeight(options, variance, d_out)
  const scale = (2 * weight) / rows
  const base = baseError(batch)
  const { gradient, dots, squares, columns, others } = decodeBoth(pattern, f, g, W_dec, base, scale)
  base.dispose()
  const missed = squares[0] as number
  return {
    mse: missed / rows,
    loss: (weight * missed) / rows,
    gradient,
    scale,
    dots,
    columns,
    others: { loss: (weight * others.square) / rows, dots: others.dots }
  }
}

/** x - x_hat, [rows, d_out], of the last prefix. */
export const residualOf = ({ gradient, scale }: Reconstruction, rows: number): tf.Tensor2D =>
  tf.tidy(() => tf.mul(tf.slice2d(gradient, [gradient.shape[0] - rows, 0], [rows, gradient.shape[1]]), -1 / scale))

/** What a penalty weighs activations by: for every latent the sum over sources of its decoder row's norm there. */
export interface DecoderNorms {
  /** [d_sae] */
  readonly values: Float32Array
  /** The summands, one array a source. */
  readonly parts: ReadonlyArray<Float32Array>
}

const normsOfParts = (W_dec: tf.Tensor2D, parts: ReadonlyArray<number>): DecoderNorms => {
  const d_sae = W_dec.shape[0]
  let start = 0
  const norms = parts.map((width) => {
    const slice = tf.slice2d(W_dec, [0, start], [d_sae, width])
    const tensor = rowNorms(slice)
    const values = tensor.dataSync<"float32">()
    tf.dispose([slice, tensor])
    start += width
    return values
  })
  const [first] = norms as [Float32Array]
  const values =
    norms.length === 1 ? first : first.map((_, j) => norms.reduce((sum, part) => sum + (part[j] as number), 0))
  return { values, parts: norms }
}

/** Undefined where decoder rows have norm one and are not weighed. Crosscoders: Lindsey et al. 2024. */
export const decoderNorms = ({ W_dec, options, parts }: Batch): DecoderNorms | undefined =>
  options.decoder_norm === "unit" ? undefined : normsOfParts(W_dec, parts)

/**
 * What activations are weighed by when the largest are chosen, [d_sae]: the norm of what a latent writes (SAELens,
 * `rescale_acts_by_decoder_norm`). In a crosscoder the sum of the norms of its parts, so that one that writes to all sources counts
 * more than one of equal activation that writes to one (Minder et al. 2025, arXiv 2504.02922). Undefined where all have norm one.
 */
export const choiceWeights = ({
  W_dec,
  parts,
  options
}: Pick<Batch, "W_dec" | "parts" | "options">): Float32Array | undefined =>
  parts.length === 1 && options.decoder_norm === "unit" ? undefined : normsOfParts(W_dec, parts).values

export interface PairGradients {
  readonly pattern: SparsePattern
  /** Gradient of z on the pairs. */
  readonly dz: Float32Array
  /** Of W_dec, without what penalties add; taken over. */
  readonly decoder: Pick<LatentGradient, "pattern" | "value" | "x">
  /** Gradient by the output, summed over the rows: [d_out]; taken over. */
  readonly columns: tf.Tensor1D
  /** The same row by row, [rows, d_out], where it is not what the decoder's pairs multiply; taken over. */
  readonly output?: tf.Tensor2D | undefined
  /** Gradient by the weight of each latent, [d_sae], where a penalty weighs by norms. */
  readonly norms?: { readonly of: DecoderNorms; readonly gradient: ArrayLike<number> } | undefined
  /** More gradients of few latents; taken over. */
  readonly more?: LatentGradients | undefined
}

/** Gradients of some latents' parameters, on top of those of the pairs. */
export interface LatentGradients {
  readonly latents: Int32Array
  /** [latents.length, d_in] */
  readonly W_enc: tf.Tensor2D
  /** [latents.length] */
  readonly b_enc: tf.Tensor1D
  /** [latents.length, d_out] */
  readonly W_dec?: tf.Tensor2D
}

/** Gradient of sum_j gradient_j sum_m |w_j^m| by W_dec: d|w|/dw = w / |w|, so much of each part of a row. */
const normFactors = (norms: DecoderNorms, gradient: ArrayLike<number>): Float32Array => {
  const parts = norms.parts.length
  const factors = new Float32Array(gradient.length * parts)
  for (let j = 0; j < gradient.length; j++) {
    for (let p = 0; p < parts; p++) {
      const norm = (norms.parts[p] as Float32Array)[j] as number
      factors[j * parts + p] = norm > 0 ? (gradient[j] as number) / norm : 0
    }
  }
  return factors
}

/** Gradients of the parameters that every SAE has. `input` is taken over. */
export const weightGradients = (batch: Batch, input: tf.Tensor2D, given: PairGradients): Omit<Gradients, "extras"> => {
  const { pattern, dz, decoder, columns, output, norms, more } = given
  const sums = pairSums(pattern, dz)
  if (more !== undefined) {
    const values = more.b_enc.dataSync<"float32">()
    for (const [n, j] of more.latents.entries()) sums[j] = (sums[j] as number) + (values[n] as number)
    more.b_enc.dispose()
  }
  const b_enc = tf.tensor1d(sums)
  const others = tf.tidy(() => outputGradients(batch, b_enc, columns, output ?? decoder.x))
  tf.dispose([columns, ...(output === undefined ? [] : [output])])
  const rowsOf = (rows: tf.Tensor2D | undefined) =>
    more === undefined || rows === undefined ? {} : { more: { latents: more.latents, rows } }
  const along =
    norms === undefined ? {} : { along: { factor: normFactors(norms.of, norms.gradient), widths: batch.parts } }
  return {
    W_enc: sparseOrMatrix({ pattern, value: dz, x: input, ...rowsOf(more?.W_enc) }, batch.W_enc),
    b_enc,
    W_dec: sparseOrMatrix({ ...decoder, ...along, ...rowsOf(more?.W_dec) }, batch.W_dec),
    ...others
  }
}

/**
 * Gradients of b_dec and of a skip connection. Where b_dec is subtracted from the input, every gradient of z (their sum
 * over the batch is the gradient of b_enc) goes back through its encoder row. Call in a tidy.
 */
const outputGradients = (
  { x, W_enc, W_skip, options }: Batch,
  b_enc: tf.Tensor1D,
  columns: tf.Tensor1D,
  gradient: tf.Tensor2D
): Pick<Gradients, "b_dec" | "W_skip"> => {
  const b_dec = options.apply_b_dec_to_input
    ? tf.sub<tf.Tensor1D>(columns, sumOfRows(b_enc, W_enc))
    : tf.clone<tf.Tensor1D>(columns)
  return W_skip === undefined ? { b_dec } : { b_dec, W_skip: fixedProduct(gradient, x, true) }
}
