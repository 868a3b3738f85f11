/**
 * What tells one SAE architecture from another: its loss on a batch with exact gradients, the parameters that only it has,
 * and how its latents are chosen when it is used. One file each; the trainer is the same for all.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { StoredLatents } from "../kinds/sae/stored/stored-sae.ts"
import { disposeGradient, type MatrixGradient } from "../tensor/kernels/latent-gradient.ts"
import type { SparsePattern } from "../tensor/kernels/sparse-pattern.ts"
import type { ArchitectureName, ResolvedOptions } from "./settings/training-options.ts"

/** Numbers that an architecture carries from step to step, and that a checkpoint keeps. */
export type Memory = Readonly<Record<string, number | ReadonlyArray<number>>>

export interface Gradients {
  readonly W_enc: MatrixGradient
  readonly b_enc: tf.Tensor1D
  readonly W_dec: MatrixGradient
  readonly b_dec: tf.Tensor1D
  /** Where the batch has one. */
  readonly W_skip?: tf.Tensor2D
  readonly extras: Readonly<Record<string, tf.Tensor1D>>
}

export const disposeGradients = ({ extras, ...own }: Gradients): void => {
  for (const gradient of [...Object.values(own), ...Object.values(extras)]) disposeGradient(gradient)
}

/** A batch with the weights as they are; the tensors are the caller's. */
export interface Batch {
  /** [rows, d_in] */
  readonly x: tf.Tensor2D
  /** What is reconstructed, [rows, d_out]: x itself but for transcoders. */
  readonly target: tf.Tensor2D
  /** Widths of the parts of an output row whose decoder norms a penalty adds up; one but for crosscoders. */
  readonly parts: ReadonlyArray<number>
  /** The encoder transposed, one row a latent: [d_sae, d_in]. */
  readonly W_enc: tf.Tensor2D
  /** [d_sae] */
  readonly b_enc: tf.Tensor1D
  /** [d_sae, d_out] */
  readonly W_dec: tf.Tensor2D
  /** [d_out] */
  readonly b_dec: tf.Tensor1D
  /** [d_out, d_in]: x W_skip^T is added to the output. */
  readonly W_skip: tf.Tensor2D | undefined
  /** The architecture's own parameters, each [d_sae]. */
  readonly extras: Readonly<Record<string, Float32Array>>
  /** 1, 2, ... */
  readonly step: number
  /** Weight of the sparsity penalty at this step. */
  readonly sparsity: number
  /** Mean |x - mean x|^2 of the data. */
  readonly variance: number
  /** Latents that count as dead, ascending. */
  readonly dead: Int32Array
  readonly memory: Memory
  readonly options: ResolvedOptions
}

export interface BatchLoss {
  readonly loss: number
  /** Mean over rows of |x - x_hat|^2. */
  readonly mse: number
  readonly aux_loss: number
  /** The pairs that the loss was computed on, and their activations: zero where a latent of a pair does not fire. */
  readonly pattern: SparsePattern
  readonly activations: Float32Array
  /** Owned by the caller: `disposeGradients`. */
  readonly gradients: Gradients
  /** For the next step; absent where it stays. */
  readonly memory?: Memory
}

/** What training leaves, in the scale of training. */
export interface TrainedLatents {
  /** [d_sae] each. */
  readonly b_enc: Float32Array<ArrayBuffer>
  readonly extras: Readonly<Record<string, Float32Array<ArrayBuffer>>>
  /** Estimated where `threshold` asks for it. */
  readonly threshold: number | null
}

export interface Architecture {
  readonly name: ArchitectureName
  /** First values of the parameters that only it has, each [d_sae]. */
  readonly extras: (options: ResolvedOptions) => Readonly<Record<string, Float32Array>>
  /** Those of them that are kept at zero or above. */
  readonly nonNegative?: ReadonlyArray<string>
  readonly memory: (options: ResolvedOptions) => Memory
  readonly loss: (batch: Batch) => BatchLoss
  /** How latents are chosen at inference; `scale` is what rows were divided by in training. */
  readonly latents: (trained: TrainedLatents, options: ResolvedOptions, scale: number) => StoredLatents
  /** Whether inference needs a threshold, estimated at the end as E_batch[min{f > 0}]. */
  readonly threshold: boolean
}
