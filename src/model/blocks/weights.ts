/**
 * Parameters by their place in a computation. Linear weights are [in, out]. The same shape serves twice: with where they
 * come from in a checkpoint (`...Parameters`), and filled with tensors (`...Weights`).
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { HalfMatrix } from "../../tensor/kernels/half-products.ts"
import type { QuantizedMatrix } from "../../tensor/kernels/quantized-matrix.ts"
import type { MatrixSource, VectorSource } from "./parameter-source.ts"

/** In f32, in bfloat16, or as a quantized file has it: `linear.ts` and `matrix-rows.ts` multiply each. */
export type Matrix = tf.Tensor2D | HalfMatrix | QuantizedMatrix

/** A tree of parameters with a tensor in place of each. */
export type Filled<P> = P extends VectorSource
  ? tf.Tensor1D
  : P extends MatrixSource
    ? Matrix
    : P extends ReadonlyArray<infer Part>
      ? ReadonlyArray<Filled<Part>>
      : P extends object
        ? { readonly [Name in keyof P]: Filled<P[Name]> }
        : P

export type Fill = <P>(parameters: P) => Filled<P>

export interface LinearParameters {
  /** [in, out] */
  readonly weight: MatrixSource
  readonly bias: VectorSource | undefined
}

export interface NormParameters {
  readonly weight: VectorSource
  /** RMS normalisation has none. */
  readonly bias: VectorSource | undefined
}

/** What a block has beside its two parts. */
export interface BlockParameters {
  /** Before attention; undefined where attention reads the residual stream as it is. */
  readonly attentionNorm: NormParameters | undefined
  /** On what attention adds to the residual stream. */
  readonly attentionPostNorm: NormParameters | undefined
  readonly mlpNorm: NormParameters | undefined
  /** On what the MLP adds to the residual stream. */
  readonly mlpPostNorm: NormParameters | undefined
  /** [1]: what the residual stream is multiplied with at the block's end (Gemma 4). */
  readonly scale?: VectorSource
}

export interface ModelParameters {
  /** [vocabulary, d_model] */
  readonly embedding: MatrixSource
  /** [context, d_model]; undefined where positions enter by rotation. */
  readonly positions: MatrixSource | undefined
  readonly blocks: ReadonlyArray<BlockParameters>
  readonly finalNorm: NormParameters
  /** [vocabulary, d_model]; the embedding itself where the two are tied; undefined: the model has no head. */
  readonly unembedding: MatrixSource | undefined
}

export type LinearWeights = Filled<LinearParameters>
export type NormWeights = Filled<NormParameters>
export type ModelWeights = Filled<ModelParameters>
/** Of a model that gives logits. */
export type HeadedWeights = ModelWeights & { readonly unembedding: Matrix }
