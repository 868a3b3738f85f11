/** f = relu(z + b_enc). */
import { added, type Floats, type LatentType } from "./latent-type.ts"

export interface ReluLatents {
  readonly type: "relu"
  readonly b_enc: Floats
}

/** f = relu(z) */
export interface ReluActivation {
  readonly type: "relu"
}

const linear = { b_enc: "encoder.bias" }

export const relu: LatentType<ReluLatents, ReluActivation> = {
  type: "relu",
  arrays: ["b_enc"],
  activations: "independent",
  encode: ({ above }) => above(0),
  ofActivation: (_, { b_enc }) => ({ type: "relu", b_enc }),
  activation: () => ({ type: "relu" }),
  computable: ({ b_enc }) => ({ activation: { type: "relu" }, b_enc }),
  shifted: (latents, shift) => ({ ...latents, b_enc: added(latents.b_enc, shift) }),
  saelens: {
    names: { sae: "standard", transcoder: "transcoder", skip_transcoder: "skip_transcoder" },
    read: () => ({})
  },
  dictionary_learning: [
    {
      name: "AutoEncoder",
      tensors: ["bias", "encoder.weight", "encoder.bias", "decoder.weight"],
      b_dec: "bias",
      arrays: linear,
      subtracts_b_dec: true,
      read: () => ({})
    },
    {
      name: "AutoEncoderNew",
      tensors: ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"],
      b_dec: "decoder.bias",
      arrays: linear,
      subtracts_b_dec: false,
      read: () => ({})
    }
  ],
  openai: { activation: "ReLU", read: () => ({}), write: () => ({}) }
}
