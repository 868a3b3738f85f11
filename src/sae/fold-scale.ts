/**
 * Weights as they are saved: for inputs as they come, and decoder rows of norm one. Training saw x / scale; with biases and
 * thresholds multiplied by the scale, encoder and decoder stay as they are and activations come out `scale` times as large
 * (dictionary_learning, `scale_biases`; Gemma Scope, Lieberum et al. 2024, section 3.2). Free decoder norms go into
 * encoder, biases and thresholds, and so into the activations (SAELens, `fold_W_dec_norm`).
 */
import type { StoredLatents, StoredSae } from "../artifact/formats/stored-sae.ts"
import type { Architecture, TrainedLatents } from "./architecture.ts"
import type { ResolvedOptions } from "./training-options.ts"

type Floats = Float32Array<ArrayBuffer>

export interface TrainedWeights extends TrainedLatents {
  /** [d_sae, d_in] */
  readonly W_enc: Float32Array
  /** [d_sae, d_in] */
  readonly W_dec: Float32Array
  /** [d_in] */
  readonly b_dec: Float32Array
}

const byNorms = (latents: StoredLatents, norms: Float64Array): StoredLatents => {
  const times = (values: Floats): Floats => values.map((x, j) => x * (norms[j] as number))
  switch (latents.type) {
    case "relu":
      return { ...latents, b_enc: times(latents.b_enc) }
    case "jumprelu":
      return { ...latents, b_enc: times(latents.b_enc), threshold: times(latents.threshold) }
    case "gated":
      return { ...latents, b_gate: times(latents.b_gate), b_mag: times(latents.b_mag) }
    case "topk":
    case "batch_topk":
      // Their choice is by activations, which the norms would change: they are trained with rows of norm one.
      throw new RangeError(`${latents.type} latents cannot take decoder norms`)
  }
}

/** @param scale what rows were divided by in training */
export const foldScale = (
  architecture: Architecture,
  trained: TrainedWeights,
  options: ResolvedOptions,
  d_in: number,
  scale: number
): StoredSae => {
  const { d_sae } = options
  const norms = new Float64Array(d_sae).fill(1)
  if (options.decoder_norm === "free") {
    for (let j = 0; j < d_sae; j++) {
      const norm = Math.hypot(...trained.W_dec.subarray(j * d_in, (j + 1) * d_in))
      norms[j] = norm > 0 ? norm : 1
    }
  }
  const W_enc = new Float32Array(d_in * d_sae)
  const W_dec = new Float32Array(d_sae * d_in)
  for (let j = 0; j < d_sae; j++) {
    const norm = norms[j] as number
    for (let c = 0; c < d_in; c++) {
      W_enc[c * d_sae + j] = (trained.W_enc[j * d_in + c] as number) * norm
      W_dec[j * d_in + c] = (trained.W_dec[j * d_in + c] as number) / norm
    }
  }
  const latents = architecture.latents(
    {
      b_enc: trained.b_enc.map((b) => b * scale),
      extras: trained.extras,
      // As it is stored.
      threshold: trained.threshold === null ? null : Math.fround(trained.threshold * scale)
    },
    options,
    scale
  )
  return {
    d_in,
    d_out: d_in,
    d_sae,
    transcoder: false,
    W_enc,
    W_dec,
    b_dec: Float32Array.from(trained.b_dec, (x) => x * scale),
    latents: options.decoder_norm === "free" ? byNorms(latents, norms) : latents,
    apply_b_dec_to_input: options.apply_b_dec_to_input,
    normalize: options.normalize === "layer_norm" ? "layer_norm" : "none",
    W_skip: undefined,
    dtype: "float32",
    metadata: {},
    origin: { format: "pipeline", config: undefined }
  }
}
