/**
 * A model's parameters by their place in the forward pass. Linear weights are [in, out]. The same shape serves twice:
 * filled with tensors (`ModelWeights`), and with where those come from in a checkpoint (`ModelParameters`).
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { MatrixSource, VectorSource } from "./parameter-source.ts"

interface Linear<Vector, Matrix> {
  /** [in, out] */
  readonly weight: Matrix
  readonly bias: Vector | undefined
}

interface Norm<Vector> {
  readonly weight: Vector
  /** RMS normalisation has none. */
  readonly bias: Vector | undefined
}

interface Block<Vector, Matrix> {
  readonly attentionNorm: Norm<Vector>
  /** Queries, keys and values side by side, [d_model, (heads + 2 * key_value_heads) * d_head]. */
  readonly qkv: Linear<Vector, Matrix>
  /** Over each head, [d_head]; undefined where queries and keys are not normalised. */
  readonly queryNorm: Norm<Vector> | undefined
  readonly keyNorm: Norm<Vector> | undefined
  readonly attentionOut: Linear<Vector, Matrix>
  /** On what attention adds to the residual stream. */
  readonly attentionPostNorm: Norm<Vector> | undefined
  readonly mlpNorm: Norm<Vector>
  /** Into the activation function: the gate where the MLP is gated. */
  readonly mlpIn: Linear<Vector, Matrix>
  /** What the activated gate is multiplied with; undefined where the MLP is not gated. */
  readonly mlpUp: Linear<Vector, Matrix> | undefined
  readonly mlpOut: Linear<Vector, Matrix>
  /** On what the MLP adds to the residual stream. */
  readonly mlpPostNorm: Norm<Vector> | undefined
}

interface Model<Vector, Matrix> {
  /** [vocabulary, d_model] */
  readonly embedding: Matrix
  /** [context, d_model]; undefined where positions enter by rotation. */
  readonly positions: Matrix | undefined
  readonly blocks: ReadonlyArray<Block<Vector, Matrix>>
  readonly finalNorm: Norm<Vector>
  /** [vocabulary, d_model]; the embedding itself where the two are tied. */
  readonly unembedding: Matrix
}

export type LinearWeights = Linear<tf.Tensor1D, tf.Tensor2D>
export type NormWeights = Norm<tf.Tensor1D>
export type BlockWeights = Block<tf.Tensor1D, tf.Tensor2D>
export type ModelWeights = Model<tf.Tensor1D, tf.Tensor2D>

export type LinearParameters = Linear<VectorSource, MatrixSource>
export type NormParameters = Norm<VectorSource>
export type BlockParameters = Block<VectorSource, MatrixSource>
export type ModelParameters = Model<VectorSource, MatrixSource>
