/**
 * Weights to compute with, from an SAE as it was stored: every kind of latents becomes ReLU, TopK or JumpReLU, in f64
 * and rounded once.
 *
 * * Gated is a JumpReLU with W_enc exp(r_mag), bias b_mag and threshold b_mag - exp(r_mag) b_gate: the gate z + b_gate > 0
 *   is exp(r_mag) z + b_mag > b_mag - exp(r_mag) b_gate (Rajamanoharan et al. 2024, arXiv 2404.16014, appendix).
 * * TopK with `rescale` is a plain TopK whose decoder rows have norm one and whose encoder is scaled by their norms.
 * * BatchTopK in use is a JumpReLU with one threshold.
 */
import type { SaeActivation, SaeWeights } from "./sae-weights.ts"
import type { Floats, StoredLatents, StoredSae } from "./stored-sae.ts"

/** How latents are chosen once it is computable. */
export const activationOf = (latents: Pick<StoredLatents, "type"> & { readonly k?: number | null }): SaeActivation =>
  latents.type === "relu"
    ? { type: "relu" }
    : latents.type === "topk"
      ? { type: "topk", k: latents.k as number }
      : { type: "jumprelu" }

const thresholdUnset =
  "its BatchTopK threshold was never set (-1): training ended before its first update, so it cannot be used row by row"

/** The weights, or the reason why it cannot be computed with. The arrays may be shared with `sae`. */
export const computableSae = (sae: StoredSae): SaeWeights | string => {
  const { d_in, d_out, d_sae, latents } = sae
  const base = {
    d_in,
    d_sae,
    activation: activationOf(latents),
    apply_b_dec_to_input: sae.apply_b_dec_to_input,
    W_enc: sae.W_enc,
    W_dec: sae.W_dec,
    b_dec: sae.b_dec,
    threshold: undefined,
    ...(sae.transcoder ? { transcoder: { d_out } } : {}),
    ...(sae.normalize === "none" ? {} : { normalize: sae.normalize }),
    ...(sae.W_skip === undefined ? {} : { W_skip: sae.W_skip })
  }
  switch (latents.type) {
    case "relu":
      return { ...base, b_enc: latents.b_enc }
    case "topk":
      return latents.rescale ? { ...base, ...withUnitDecoder(sae, latents.b_enc) } : { ...base, b_enc: latents.b_enc }
    case "jumprelu":
      return { ...base, b_enc: latents.b_enc, threshold: latents.threshold }
    case "batch_topk":
      return latents.threshold === null
        ? thresholdUnset
        : { ...base, b_enc: latents.b_enc, threshold: new Float32Array(d_sae).fill(latents.threshold) }
    case "gated": {
      const scale = Float64Array.from(latents.r_mag, Math.exp)
      return {
        ...base,
        W_enc: sae.W_enc.map((w, i) => w * (scale[i % d_sae] as number)),
        b_enc: latents.b_mag,
        threshold: latents.b_mag.map((b, j) => b - (scale[j] as number) * (latents.b_gate[j] as number))
      }
    }
  }
}

/** A latent whose decoder row is zero never fires: its rescaled activation is zero. */
const withUnitDecoder = (
  { d_in, d_out, d_sae, W_enc, W_dec }: StoredSae,
  b_enc: Floats
): { readonly W_enc: Floats; readonly W_dec: Floats; readonly b_enc: Floats } => {
  const norms = new Float64Array(d_sae)
  for (let j = 0; j < d_sae; j++) {
    let square = 0
    for (let c = 0; c < d_out; c++) square += (W_dec[j * d_out + c] as number) ** 2
    norms[j] = Math.sqrt(square)
  }
  const scaled = new Float32Array(d_in * d_sae)
  for (let i = 0; i < scaled.length; i++) scaled[i] = (W_enc[i] as number) * (norms[i % d_sae] as number)
  const unit = new Float32Array(d_sae * d_out)
  for (let j = 0; j < d_sae; j++) {
    const norm = norms[j] as number
    if (norm === 0) continue
    for (let c = 0; c < d_out; c++) unit[j * d_out + c] = (W_dec[j * d_out + c] as number) / norm
  }
  return { W_enc: scaled, W_dec: unit, b_enc: b_enc.map((b, j) => b * (norms[j] as number)) }
}
