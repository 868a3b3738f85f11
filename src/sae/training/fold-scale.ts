/**
 * Weights as they are saved: for inputs as they come. Training saw x / scale; with biases and thresholds multiplied by
 * the scale, encoder and decoder stay as they are and activations come out `scale` times as large (dictionary_learning,
 * `scale_biases`; Gemma Scope, Lieberum et al. 2024, section 3.2). Where input and output have scales of their own
 * (transcoders, crosscoders), the encoder takes up the ratio. Free decoder norms go into encoder, biases and thresholds, and
 * so into the activations (SAELens, `fold_W_dec_norm`), which leaves decoder rows of norm one; so do the weights by which a
 * crosscoder chooses its latents.
 */
import { scaleLatents } from "../../kinds/sae/latents/latents.ts"
import type { StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import type { TrainedLatents } from "../architecture.ts"
import type { ScaledRows } from "../rows/training-rows.ts"
import { sumOfPartNorms } from "../../numeric/row-norms.ts"
import type { ResolvedOptions } from "../training-options.ts"

export interface TrainedWeights extends Omit<TrainedLatents, "scale"> {
  /** [d_sae, d_in] */
  readonly W_enc: Float32Array
  /** [d_sae, d_out] */
  readonly W_dec: Float32Array<ArrayBuffer>
  /** [d_out] */
  readonly b_dec: Float32Array
}

/** The scale of every number of a row. */
const perColumn = (parts: ScaledRows["parts"]): ReadonlyArray<number> =>
  parts.flatMap(({ width, scale }) => Array.from({ length: width }, () => scale))

/** Latents of a block. */
const blockLatents = 64

/** The weights are the caller's no more: the decoder is folded where it stands, since a copy may be more than there is memory for. */
export const foldScale = (
  trained: TrainedWeights,
  options: ResolvedOptions,
  rows: Pick<ScaledRows, "d_in" | "d_out" | "parts" | "penalized" | "transcoder" | "scale">
): StoredSae => {
  const { architecture, d_sae } = options
  const { d_in, d_out, scale } = rows
  const inputs = perColumn(rows.parts)
  const outputs = rows.transcoder ? Array.from({ length: d_out }, () => scale) : inputs
  const free = options.decoder_norm === "free"
  const weighed = architecture.sparseBy === "k" && rows.penalized.length > 1
  const W_enc = new Float32Array(d_in * d_sae)
  const { W_dec } = trained
  const norms = new Float64Array(d_sae).fill(1)
  const row = new Float64Array(d_out)
  const normOf = (j: number): number => {
    if (weighed) return sumOfPartNorms(W_dec.subarray(j * d_out, (j + 1) * d_out), rows.penalized)
    return free ? Math.hypot(...row) : 1
  }
  for (let j = 0; j < d_sae; j++) {
    for (let c = 0; c < d_out; c++) {
      row[c] = ((W_dec[j * d_out + c] as number) * (outputs[c] as number)) / scale
    }
    const norm = normOf(j)
    norms[j] = norm > 0 ? norm : 1
    for (let c = 0; c < d_out; c++) W_dec[j * d_out + c] = (row[c] as number) / (norms[j] as number)
  }
  // Transposed in blocks of latents: a column at a time would touch a new line of memory with every number.
  for (let first = 0; first < d_sae; first += blockLatents) {
    const last = Math.min(d_sae, first + blockLatents)
    for (let c = 0; c < d_in; c++) {
      const own = scale / (inputs[c] as number)
      for (let j = first; j < last; j++) {
        W_enc[c * d_sae + j] = (trained.W_enc[j * d_in + c] as number) * (own * (norms[j] as number))
      }
    }
  }
  const { W_skip, ...own } = trained.extras
  // The threshold as it is stored.
  const threshold = trained.threshold === null ? null : Math.fround(trained.threshold * scale)
  const inTraining = architecture.latents({ b_enc: trained.b_enc, extras: own, threshold, scale }, options)
  const latents = scaleLatents(inTraining, new Float64Array(d_sae).fill(scale))
  return {
    d_in,
    d_out,
    d_sae,
    transcoder: rows.transcoder,
    W_enc,
    W_dec,
    b_dec: Float32Array.from(trained.b_dec, (x, c) => x * (outputs[c] as number)),
    // What training weighed its choice by is in the activations now; a BatchTopK threshold is of weighed ones.
    latents: free || weighed ? scaleLatents(latents, norms) : latents,
    apply_b_dec_to_input: options.apply_b_dec_to_input,
    normalize: options.normalize === "layer_norm" ? "layer_norm" : "none",
    W_skip: W_skip?.map((w, i) => (w * scale) / (inputs[i % d_in] as number)),
    dtype: "float32",
    metadata: {},
    origin: { format: "pipeline", config: undefined }
  }
}
