/** A model's parameters as tensors, by the name that they have in the checkpoint. Linear weights are stored [in, out]. */
import type * as tf from "@tensorflow/tfjs-core"

export interface LinearWeights {
  /** [in, out] */
  readonly weight: tf.Tensor2D
  readonly bias: tf.Tensor1D | undefined
}

export interface NormWeights {
  readonly weight: tf.Tensor1D
  readonly bias: tf.Tensor1D | undefined
}

export interface BlockWeights {
  readonly attentionNorm: NormWeights
  /** Query, key and value side by side, [d_model, 3 * heads * d_head]. */
  readonly qkv: LinearWeights
  readonly attentionOut: LinearWeights
  readonly mlpNorm: NormWeights
  readonly mlpIn: LinearWeights
  readonly mlpOut: LinearWeights
}

export interface ModelWeights {
  /** [vocabulary, d_model] */
  readonly embedding: tf.Tensor2D
  /** [context, d_model] */
  readonly positions: tf.Tensor2D
  readonly blocks: ReadonlyArray<BlockWeights>
  readonly finalNorm: NormWeights
  /** [vocabulary, d_model]; the embedding itself where the two are tied. */
  readonly unembedding: tf.Tensor2D
}
