/**
 * What a type of latents is to the rest: how its activations follow from pre-activations, which arrays it has, what moves
 * with the scale of the rows, and what each library's files call it. One file each beside this one; `latents.ts` lists
 * them. Nothing here loads an engine: it is handed in where rows are encoded.
 */
import type * as Tf from "@tensorflow/tfjs-core"
import { showGiven } from "../../../words/show-given.ts"
import { cannotRead, type SaeRefused } from "./sae-refused.ts"

export type Floats = Float32Array<ArrayBuffer>

export type Json = Readonly<Record<string, unknown>>

/** The matrices that every SAE has; see `StoredSae`. */
export interface Matrices {
  readonly d_in: number
  readonly d_out: number
  readonly d_sae: number
  /** [d_in, d_sae] */
  readonly W_enc: Floats
  /** [d_sae, d_out] */
  readonly W_dec: Floats
  /** [d_out] */
  readonly b_dec: Floats
  readonly apply_b_dec_to_input: boolean
}

/** What latents change of the weights that are computed with, in f64 and rounded once. */
export interface ComputableLatents<A> extends Partial<Pick<Matrices, "W_enc" | "W_dec" | "b_dec">> {
  readonly activation: A
  /** [d_sae] */
  readonly b_enc: Floats
  /** [d_sae] */
  readonly threshold?: Floats
}

/** Sparse codes, as `tensor/kernels/sparse-pattern.ts` has them. */
export interface Codes {
  readonly rows: number
  readonly latents: number
  readonly rowStart: Int32Array
  readonly row: Int32Array
  readonly latent: Int32Array
  readonly value: Tf.Tensor1D
}

/** Rows to encode, on the engine. */
export interface Encoding {
  readonly tf: typeof Tf
  /** [rows, d_in]: normalised, without b_dec where the SAE subtracts it. */
  readonly rows: () => Tf.Tensor2D
  /** z = rows W_enc + b_enc: [rows, d_sae] */
  readonly pre: () => Tf.Tensor2D
  /** The encoder transposed: [d_sae, d_in] */
  readonly W_enc_T: Tf.Tensor2D
  /** [d_sae, d_out] */
  readonly W_dec: Tf.Tensor2D
  /** [d_sae]: the thresholds, none below zero. */
  readonly threshold: Tf.Tensor1D | undefined
  /** Those of the k largest of each row of z that are above zero; z of `rows` or of the ones given. */
  readonly largest: (k: number, rows?: Tf.Tensor2D) => Codes
  /** Those of the k of each row of z with the largest magnitudes that are not zero. */
  readonly strongest: (k: number) => Codes
  /** All of z above the threshold. */
  readonly above: (threshold: number | Tf.Tensor1D, rows?: Tf.Tensor2D) => Codes
  /** Codes that were found off the engine: pairs row after row, `rowStart` where each row begins. */
  readonly codes: (rowStart: Int32Array, latent: ArrayLike<number>, value: ArrayLike<number>) => Codes
}

/** A type of latents in SAELens's `cfg.json`. */
export interface SaeLensLatents<L> {
  /** Its words for an autoencoder, a transcoder, one with a skip connection; the absent ones SAELens does not have. */
  readonly names: Readonly<Partial<Record<"sae" | "transcoder" | "skip_transcoder", string>>>
  /** Keys of `cfg.json` that only this type has. */
  readonly keys?: ReadonlyArray<string>
  /** Whether the encoder is the decoder transposed, and no tensor of the file. */
  tied?(config: Json): boolean
  /** Shapes of its tensors besides the arrays, by name. */
  shapes?(config: Json, d_sae: number): Readonly<Record<string, ReadonlyArray<number>>>
  /**
   * Fields besides the arrays, or the reason why they cannot be. `config` is in the layout of version 6; `arrays` are those
   * of the file once they are read.
   */
  read(
    config: Json,
    metadata: Json,
    d_sae: number,
    arrays?: Readonly<Record<string, Floats>>
  ): Omit<L, "type" | ArrayNames<L>> | SaeRefused
  /** For types that SAELens saves as another one: whether a file of that other type is one of these. */
  claims?(metadata: Json, arrays: Readonly<Record<string, Floats>>): boolean
  write?(latents: L, d_sae: number): SaeLensFields | SaeRefused
}

export interface SaeLensFields {
  readonly config?: Json
  readonly metadata?: Json
  readonly arrays?: Readonly<Record<string, Floats>>
}

type ArrayNames<L> = { [N in keyof L]: L[N] extends Floats ? N : never }[keyof L]

/** A class of dictionary_learning that has this type of latents. */
export interface DictClass<L> {
  /** `trainer.dict_class` */
  readonly name: string
  /** Tensors of its state dict, in its order. */
  readonly tensors: ReadonlyArray<string>
  /** Those of them that files of earlier versions do not have. */
  readonly optional?: ReadonlyArray<string>
  /** The names of b_dec and of the arrays. */
  readonly b_dec: string
  readonly arrays: Readonly<Record<string, string>>
  readonly subtracts_b_dec: boolean
  read(numbers: DictNumbers): Omit<L, "type" | ArrayNames<L>> | SaeRefused
  /** Whether `latents` are of this class and not of another one with the same type; absent: they are. */
  is?(latents: L): boolean
  write?(latents: L): DictNumbers | SaeRefused
}

export interface DictNumbers {
  readonly k?: number | null
  /** Null: -1 in the file, never set. */
  readonly threshold?: number | null
  readonly group_sizes?: ReadonlyArray<number> | null
}

export interface LatentType<L extends { readonly type: string }, A extends { readonly type: string }> {
  readonly type: L["type"]
  /** Fields that are arrays of [d_sae]. */
  readonly arrays: ReadonlyArray<string>
  /** Those of them that stay where pre-activations are multiplied. */
  readonly unscaled?: ReadonlyArray<string>
  /** Why it cannot be, if it cannot. */
  problem?(latents: L, d_sae: number): string | undefined
  /** How activations follow from rows; types that are used as another one have none. */
  encode?(encoding: Encoding, activation: A): Codes
  /**
   * Whether each latent's activation follows from its own pre-activation alone (`independent`), from all of the row
   * (`chosen`), from all of the row with signs (`signed`), or from all rows of a context (`context`).
   */
  readonly activations: "independent" | "chosen" | "signed" | "context"
  /** A part of the output that does not come from the codes: [rows, d_out]. */
  predicted?(encoding: Encoding, activation: A): Tf.Tensor2D
  /** What it has besides the arrays, by SAELens's names. */
  tensors?(latents: L, d_sae: number): ReadonlyArray<readonly [string, Floats, ReadonlyArray<number>]>
  /** The latents of weights that were trained or made here, where they are used as what they are. */
  ofActivation?(activation: A, arrays: { readonly b_enc: Floats; readonly threshold: Floats }): L
  /** How it is chosen, from its fields without the arrays. */
  activation(fields: Omit<L, ArrayNames<L>>): A
  /** Weights to compute with, or the reason why there are none. */
  computable(latents: L, matrices: Matrices): ComputableLatents<A> | SaeRefused
  /** With pre-activations moved by `shift` ([d_sae]); absent: not to be had by biases. */
  shifted?(latents: L, shift: Float64Array): L
  /** With numbers that are no arrays rounded as they will be stored. */
  rounded?(latents: L, round: (value: number) => number): L
  /** Without its dependence on decoder norms: encoder and decoder that say the same, or undefined where it has none. */
  withoutNorms?(
    latents: L,
    matrices: Matrices
  ): { readonly latents: L; readonly W_enc: Floats; readonly W_dec: Floats } | undefined
  /** One threshold a latent, where that and b_enc say all (Gemma Scope's formats), or the reason why not. */
  thresholds?(latents: L, d_sae: number): { readonly b_enc: Floats; readonly threshold: Floats } | SaeRefused
  readonly saelens: SaeLensLatents<L>
  readonly dictionary_learning?: ReadonlyArray<DictClass<L>>
  /** sparsify's `activation` and `signed`; its only number is k. */
  readonly sparsify?: {
    readonly activation: string
    readonly signed: boolean
    read(k: number): Omit<L, "type" | ArrayNames<L>>
    /** k, or the reason why sparsify cannot hold it. */
    write(latents: L): number | SaeRefused
  }
  /** OpenAI's name of the activation. */
  readonly openai?: {
    readonly activation: string
    read(k: number | undefined): Omit<L, "type" | ArrayNames<L>> | SaeRefused
    /** k where it has one, or the reason why OpenAI's format cannot hold it. */
    write(latents: L): { readonly k?: number } | SaeRefused
  }
}

/** A whole number from 1 to the latents there are, or the reason why not. */
export const kProblem = (k: unknown, d_sae: number): string | undefined =>
  Number.isSafeInteger(k) && (k as number) >= 1 && (k as number) <= d_sae
    ? undefined
    : `k is ${showGiven(k)}; an SAE of ${d_sae} latents needs a whole number from 1 to that`

/** The same, of what a file says. */
export const kRefused = (k: unknown, d_sae: number): SaeRefused | undefined => {
  const problem = kProblem(k, d_sae)
  return problem === undefined ? undefined : cannotRead(problem)
}

/** b_enc + shift, in f64 and rounded once. */
export const added = (values: Floats, shift: Float64Array): Floats => values.map((b, j) => b + (shift[j] as number))
