/**
 * What tells one SAE architecture from another: the options that only it has, with published settings of all; the parameters
 * that only it has; its loss on a batch with exact gradients; and how its latents are chosen when it is used. One file of
 * `architectures/` each, its default export, found by its name; the trainer is the same for all.
 */
import type * as tf from "@tensorflow/tfjs-core"
import type { StoredLatents } from "../kinds/sae/stored/stored-sae.ts"
import { disposeGradient, type MatrixGradient } from "../tensor/kernels/latent-gradient.ts"
import type { SparsePattern } from "../tensor/kernels/sparse-pattern.ts"
import type { Params, ParamValues } from "../stage/param.ts"
import type { ParamProblem } from "../stage/param-problem.ts"
import type { ArchitectureOptions, ResolvedArchitectureOptions } from "./settings/architecture-options.ts"
import type { SharedOptions } from "./settings/shared-options.ts"

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
export interface Batch<Own = unknown> {
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
  /** Mean |x - mean x|^2 of the data. */
  readonly variance: number
  /** Latents that count as dead, ascending. */
  readonly dead: Int32Array
  readonly memory: Memory
  readonly options: ResolvedArchitectureOptions<Own>
}

export interface BatchLoss {
  readonly loss: number
  /** Mean over rows of |x - x_hat|^2. */
  readonly mse: number
  readonly aux_loss: number
  /** The pairs that the loss was computed on, and their activations: zero where a latent of a pair does not fire. */
  readonly pattern: SparsePattern
  readonly activations: Float32Array
  /** Pairs whose z was computed to choose them, where not all were. Depends on who multiplied, as nothing else does. */
  readonly candidates?: number | undefined
  /** Owned by the caller: `disposeGradients`. */
  readonly gradients: Gradients
  /** For the next step; absent where it stays. */
  readonly memory?: Memory
}

/** What training leaves. */
export interface TrainedLatents {
  /** In the scale of training, [d_sae] each. */
  readonly b_enc: Float32Array<ArrayBuffer>
  readonly extras: Readonly<Record<string, Float32Array<ArrayBuffer>>>
  /** Estimated where `threshold` asks for it; in the scale of the rows. */
  readonly threshold: number | null
  /** What rows were divided by in training. */
  readonly scale: number
}

/** What is trained. */
export type Task = "autoencoder" | "transcoder" | "crosscoder"

/** What an architecture needs the engine for. A method, so that who calls need not know which options are its own. */
export interface TrainingMethod<Own = unknown> {
  loss(batch: Batch<Own>): BatchLoss
}

/** Options set together: those of all architectures and an architecture's own. */
export type Settings<Own> = Partial<SharedOptions & Own>

export interface SaeArchitecture<Own extends Params = Params> {
  /** What `architecture:` says: the name of its file, with `_` for `-`. */
  readonly name: string
  /** In a few words, for the help. */
  readonly summary: string
  /** The options that not all architectures have. One without a default has to be given. */
  readonly options: Own
  /** Without a preset, over the options' own defaults: what it takes to train in a short run, rows at mean square one. */
  readonly defaults?: Settings<ParamValues<Own>>
  /**
   * Published settings as a whole, by where they come from. A preset says only what its source says; the rest stays with the
   * options' own defaults. Learning rates and batch sizes are of runs over 5 * 10^7 to 10^10 rows: a short run may need
   * greater ones.
   */
  readonly presets: Readonly<Record<string, Settings<ParamValues<Own>>>>
  /** What follows from settings and from which of them were given; over both. */
  implied?(settings: ParamValues<Own>, given: Settings<ParamValues<Own>>): Settings<ParamValues<Own>>
  problems(options: ArchitectureOptions<ParamValues<Own>>, task: Task): ReadonlyArray<ParamProblem>
  /** Whether it chooses k latents, all above a threshold, which a penalty makes few, or one after the other. */
  readonly sparseBy: "k" | "penalty" | "pursuit"
  /**
   * Its own options that still hold where an SAE is trained on end to end. Absent: it cannot be, since its loss has more than
   * one reconstruction.
   */
  readonly endToEnd?: ReadonlyArray<keyof Own & string>
  /** First values of the parameters that only it has, each [d_sae]; in use they are arrays of its latents by the same names. */
  extras?(options: ResolvedArchitectureOptions<ParamValues<Own>>): Readonly<Record<string, Float32Array>>
  /** Those of them that are kept at zero or above. */
  readonly nonNegative?: ReadonlyArray<string>
  /** What it carries at first. */
  memory?(options: ResolvedArchitectureOptions<ParamValues<Own>>): Memory
  /** Latents made anew from badly reconstructed rows: every N steps, drawn by a power of a row's error. */
  resampling?(
    options: ResolvedArchitectureOptions<ParamValues<Own>>
  ): { readonly every: number; readonly power: number } | undefined
  readonly latentType: StoredLatents["type"]
  /** How latents are chosen at inference, arrays in the scale of training. */
  latents(trained: TrainedLatents, options: ResolvedArchitectureOptions<ParamValues<Own>>): StoredLatents
  /** Whether inference needs a threshold, estimated at the end as E_batch[min{f > 0}]. */
  readonly threshold?: boolean
  /** Loads what trains it; the rest of its file is read wherever a file that names it is checked. */
  load(): Promise<TrainingMethod<ParamValues<Own>>>
}
