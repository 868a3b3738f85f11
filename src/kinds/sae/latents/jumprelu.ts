/** JumpReLU: f = z + b_enc where that is above the latent's threshold and above zero (arXiv 2407.14435). */
import { added, type Floats, type LatentType } from "./latent-type.ts"

export interface JumpReluLatents {
  readonly type: "jumprelu"
  readonly b_enc: Floats
  readonly threshold: Floats
}

/** f = z where z > threshold and z > 0, else 0 */
export interface JumpReluActivation {
  readonly type: "jumprelu"
}

export const jumprelu: LatentType<JumpReluLatents, JumpReluActivation> = {
  type: "jumprelu",
  arrays: ["b_enc", "threshold"],
  activations: "independent",
  encode: ({ above, threshold }) => above(threshold ?? 0),
  ofActivation: (_, { b_enc, threshold }) => ({ type: "jumprelu", b_enc, threshold }),
  activation: () => ({ type: "jumprelu" }),
  computable: ({ b_enc, threshold }) => ({ activation: { type: "jumprelu" }, b_enc, threshold }),
  shifted: (latents, shift) => ({ ...latents, b_enc: added(latents.b_enc, shift) }),
  thresholds: ({ b_enc, threshold }) => ({ b_enc, threshold }),
  saelens: {
    names: { sae: "jumprelu", transcoder: "jumprelu_transcoder", skip_transcoder: "jumprelu_skip_transcoder" },
    read: () => ({})
  },
  dictionary_learning: [
    {
      name: "JumpReluAutoEncoder",
      tensors: ["W_enc", "b_enc", "W_dec", "b_dec", "threshold"],
      b_dec: "b_dec",
      arrays: { b_enc: "b_enc", threshold: "threshold" },
      subtracts_b_dec: false,
      read: () => ({})
    }
  ]
}
