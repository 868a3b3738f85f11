/**
 * An SAE as some library's file holds it, in terms that no library owns: enough to compute with it and to write it again
 * without loss. Readers of formats make it, writers take it; `computable-sae.ts` turns it into weights to compute with.
 */
import type { Floats } from "../latents/latent-type.ts"
import { latentType, tensorsOf, type StoredLatents } from "../latents/latents.ts"

export type { Floats } from "../latents/latent-type.ts"
export type { StoredLatents } from "../latents/latents.ts"

export type Normalization = "none" | "constant_norm_rescale" | "layer_norm" | "constant_scalar_rescale"

export interface StoredSae {
  readonly d_in: number
  /** Width of the output: d_in but for transcoders. */
  readonly d_out: number
  readonly d_sae: number
  /** Whether the output is another activation than the input. */
  readonly transcoder: boolean
  /** [d_in, d_sae] */
  readonly W_enc: Floats
  /** [d_sae, d_out] */
  readonly W_dec: Floats
  /** [d_out] */
  readonly b_dec: Floats
  readonly latents: StoredLatents
  /** Whether b_dec is subtracted from the input. */
  readonly apply_b_dec_to_input: boolean
  /**
   * What happens to every row before the encoder, and is undone after the decoder (not in a transcoder):
   * `constant_norm_rescale` to norm sqrt(d_in), `layer_norm` to mean 0 and deviation 1 (ddof 1, 1e-5 added),
   * `constant_scalar_rescale` times `input_scale`.
   */
  readonly normalize: Normalization
  readonly input_scale?: number
  /** `[d_out, d_in]`: x W_skip^T is added to the output. */
  readonly W_skip: Floats | undefined
  /** What the numbers were stored as; f64 is rounded to f32 when it is read. */
  readonly dtype: StoredDtype
  /** What is known of the model and the data, in SAELens's words: `hook_name`, `model_name`, `context_size`, ... */
  readonly metadata: Readonly<Record<string, unknown>>
  /** Where it comes from; `config` as its file has it, so that a writer of the same format loses nothing. */
  readonly origin: {
    readonly format: string
    readonly config: Readonly<Record<string, unknown>> | undefined
    /** Keys of `config` that say something, though nothing of the numbers, and that no field here holds. */
    readonly beside?: ReadonlyArray<string>
  }
}

export type StoredDtype = "float32" | "bfloat16" | "float16" | "float64"

/** Shapes of all tensors by their SAELens names. */
export const storedTensors = (
  sae: StoredSae
): ReadonlyArray<readonly [name: string, values: Floats, shape: ReadonlyArray<number>]> => {
  const { d_in, d_out, d_sae } = sae
  return [
    ["W_enc", sae.W_enc, [d_in, d_sae]],
    ["W_dec", sae.W_dec, [d_sae, d_out]],
    ["b_dec", sae.b_dec, [d_out]],
    ...tensorsOf(sae.latents, d_sae),
    ...(sae.W_skip === undefined ? [] : ([["W_skip", sae.W_skip, [d_out, d_in]]] as const))
  ]
}

/** What is wrong with it, if anything: sizes, numbers that are not finite, a k beyond the dictionary. */
export const storedProblem = (sae: StoredSae): string | undefined => {
  for (const [name, values, shape] of storedTensors(sae)) {
    const wanted = shape.reduce((product, n) => product * n, 1)
    if (values.length !== wanted) return `${name} has ${values.length} numbers, not [${shape.join(", ")}]`
    if (!values.every(Number.isFinite)) return `${name} holds NaN or infinite numbers`
  }
  const problem = latentType(sae.latents).problem?.(sae.latents, sae.d_sae)
  if (problem !== undefined) return problem
  if (sae.d_in !== sae.d_out && (sae.apply_b_dec_to_input || !sae.transcoder)) {
    return `its output has ${sae.d_out} numbers and its input ${sae.d_in}`
  }
  return undefined
}

/** [rows, columns] -> [columns, rows], row-major, in blocks that fit a cache. */
export const transposed = (values: Float32Array, rows: number, columns: number): Floats => {
  const result = new Float32Array(values.length)
  const block = 32
  for (let i0 = 0; i0 < rows; i0 += block) {
    for (let j0 = 0; j0 < columns; j0 += block) {
      const [i1, j1] = [Math.min(rows, i0 + block), Math.min(columns, j0 + block)]
      for (let i = i0; i < i1; i++) {
        for (let j = j0; j < j1; j++) result[j * rows + i] = values[i * columns + j] as number
      }
    }
  }
  return result
}
