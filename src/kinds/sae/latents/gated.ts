/**
 * Gated: f = [z + b_gate > 0] relu(exp(r_mag) z + b_mag) (Rajamanoharan et al. 2024, arXiv 2404.16014). In use it is a
 * JumpReLU with W_enc exp(r_mag), bias b_mag and threshold b_mag - exp(r_mag) b_gate: the gate z + b_gate > 0 is
 * exp(r_mag) z + b_mag > b_mag - exp(r_mag) b_gate (their appendix).
 */
import { added, type Floats, type LatentType } from "./latent-type.ts"
import type { JumpReluActivation } from "./jumprelu.ts"

export interface GatedLatents {
  readonly type: "gated"
  readonly b_gate: Floats
  readonly b_mag: Floats
  readonly r_mag: Floats
}

export const gated: LatentType<GatedLatents, JumpReluActivation> = {
  type: "gated",
  arrays: ["b_gate", "b_mag", "r_mag"],
  unscaled: ["r_mag"],
  activations: "independent",
  activation: () => ({ type: "jumprelu" }),
  computable: ({ b_gate, b_mag, r_mag }, { W_enc, d_sae }) => {
    const scale = Float64Array.from(r_mag, Math.exp)
    return {
      activation: { type: "jumprelu" },
      W_enc: W_enc.map((w, i) => w * (scale[i % d_sae] as number)),
      b_enc: b_mag,
      threshold: b_mag.map((b, j) => b - (scale[j] as number) * (b_gate[j] as number))
    }
  },
  // z enters the gate as it is and the magnitude scaled.
  shifted: (latents, shift) => ({
    ...latents,
    b_gate: added(latents.b_gate, shift),
    b_mag: latents.b_mag.map((b, j) => b + (shift[j] as number) * Math.exp(latents.r_mag[j] as number))
  }),
  saelens: { names: { sae: "gated" }, read: () => ({}) },
  dictionary_learning: [
    {
      name: "GatedAutoEncoder",
      tensors: ["decoder_bias", "r_mag", "gate_bias", "mag_bias", "encoder.weight", "decoder.weight"],
      b_dec: "decoder_bias",
      arrays: { b_gate: "gate_bias", b_mag: "mag_bias", r_mag: "r_mag" },
      subtracts_b_dec: true,
      read: () => ({})
    }
  ]
}
