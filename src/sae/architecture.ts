/**
 * What tells one SAE architecture from another in training: how the active latents of a batch are chosen, and how they
 * are chosen when the SAE is used. One file each; the trainer is the same for all.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { SaeActivation } from "../artifact/sae.ts"
import type { SparseCodes } from "../tensor/sparse-pattern.ts"

export interface Architecture {
  readonly name: string
  /** The active pairs of a batch from its pre-activations [rows, d_sae]; values as in `pre`, before the ReLU. */
  readonly select: (pre: tf.Tensor2D, k: number) => SparseCodes
  /** How latents are chosen at inference. */
  readonly activation: (k: number) => SaeActivation
  /** Whether inference needs a threshold, estimated at the end as E_batch[min{f > 0}]. */
  readonly threshold: boolean
}
