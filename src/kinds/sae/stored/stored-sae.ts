/**
 * An SAE as some library's file holds it, in terms that no library owns: enough to compute with it and to write it again
 * without loss. Readers of formats make it, writers take it; `computable-sae.ts` turns it into weights to compute with.
 */

export type Floats = Float32Array<ArrayBuffer>

/** How latents are chosen, with the parameters that only this choice has. `z` is the encoder's product. */
export type StoredLatents =
  /** f = relu(z + b_enc) */
  | { readonly type: "relu"; readonly b_enc: Floats }
  /**
   * f = the k largest of relu(z + b_enc) of each row. With `rescale` the choice and f are of z * |w_dec|, and the decoder
   * divides by |w_dec| (SAELens `rescale_acts_by_decoder_norm`). `threshold`: what dictionary_learning keeps beside k for
   * its other mode of use; null where there is none or it was never set.
   */
  | {
      readonly type: "topk"
      readonly b_enc: Floats
      readonly k: number
      readonly rescale: boolean
      readonly threshold: number | null
    }
  /** f = z + b_enc where that is above the latent's threshold and above zero */
  | { readonly type: "jumprelu"; readonly b_enc: Floats; readonly threshold: Floats }
  /**
   * The same with one threshold for all: BatchTopK in use. Null: it was never set, so there is no way to use it.
   * `groups`: sizes of the Matryoshka groups, or null.
   */
  | {
      readonly type: "batch_topk"
      readonly b_enc: Floats
      readonly k: number | null
      readonly threshold: number | null
      readonly groups: ReadonlyArray<number> | null
    }
  /** f = [z + b_gate > 0] relu(exp(r_mag) z + b_mag) */
  | { readonly type: "gated"; readonly b_gate: Floats; readonly b_mag: Floats; readonly r_mag: Floats }

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
   * `constant_norm_rescale` to norm sqrt(d_in), `layer_norm` to mean 0 and deviation 1 (ddof 1, 1e-5 added).
   */
  readonly normalize: "none" | "constant_norm_rescale" | "layer_norm"
  /** [d_out, d_in]: x W_skip^T is added to the output. */
  readonly W_skip: Floats | undefined
  /** What the numbers were stored as; f64 is rounded to f32 when it is read. */
  readonly dtype: StoredDtype
  /** What is known of the model and the data, in SAELens's words: `hook_name`, `model_name`, `context_size`, ... */
  readonly metadata: Readonly<Record<string, unknown>>
  /** Where it comes from; `config` as its file has it, so that a writer of the same format loses nothing. */
  readonly origin: { readonly format: string; readonly config: Readonly<Record<string, unknown>> | undefined }
}

export type StoredDtype = "float32" | "bfloat16" | "float16" | "float64"

/** Shapes of all tensors by their SAELens names. */
export const storedTensors = (
  sae: StoredSae
): ReadonlyArray<readonly [name: string, values: Floats, shape: ReadonlyArray<number>]> => {
  const { d_in, d_out, d_sae, latents } = sae
  return [
    ["W_enc", sae.W_enc, [d_in, d_sae]],
    ["W_dec", sae.W_dec, [d_sae, d_out]],
    ["b_dec", sae.b_dec, [d_out]],
    ...(latents.type === "gated"
      ? ([
          ["b_gate", latents.b_gate, [d_sae]],
          ["b_mag", latents.b_mag, [d_sae]],
          ["r_mag", latents.r_mag, [d_sae]]
        ] as const)
      : ([["b_enc", latents.b_enc, [d_sae]]] as const)),
    ...(latents.type === "jumprelu" ? ([["threshold", latents.threshold, [d_sae]]] as const) : []),
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
  const { latents, d_sae } = sae
  if ("k" in latents && latents.k !== null) {
    if (!Number.isInteger(latents.k) || latents.k < 1 || latents.k > d_sae) {
      return `k is ${latents.k}; an SAE of ${d_sae} latents needs a whole number from 1 to that`
    }
  }
  if ("groups" in latents && latents.groups !== null) {
    const sum = latents.groups.reduce((total, n) => total + n, 0)
    if (sum !== d_sae || latents.groups.some((n) => !(n > 0))) {
      return `its groups of ${latents.groups.join(", ")} latents do not make up ${d_sae}`
    }
  }
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
