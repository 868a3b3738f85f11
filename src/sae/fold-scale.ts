/**
 * Weights as they are saved: for inputs as they come. Training saw x / scale; with biases and threshold multiplied by
 * the scale, encoder and decoder stay as they are (unit decoder rows) and activations come out `scale` times as large.
 * Source: dictionary_learning, `scale_biases`; Gemma Scope, Lieberum et al. 2024, section 3.2.
 */
import type { SaeActivation, SaeWeights } from "../artifact/sae.ts"

/**
 * @param trained W_enc and W_dec [d_sae, d_in], b_enc [d_sae], b_dec [d_in]
 * @param threshold in the scale of training, for activations of type `jumprelu`
 */
export const foldScale = (
  trained: Readonly<Record<"W_enc" | "b_enc" | "W_dec" | "b_dec", Float32Array>>,
  d_in: number,
  d_sae: number,
  scale: number,
  activation: SaeActivation,
  threshold: number | undefined
): SaeWeights => {
  const W_enc = new Float32Array(d_in * d_sae)
  for (let j = 0; j < d_sae; j++) {
    for (let c = 0; c < d_in; c++) W_enc[c * d_sae + j] = trained.W_enc[j * d_in + c] as number
  }
  return {
    d_in,
    d_sae,
    activation,
    apply_b_dec_to_input: true,
    W_enc,
    W_dec: Float32Array.from(trained.W_dec),
    b_enc: Float32Array.from(trained.b_enc, (x) => x * scale),
    b_dec: Float32Array.from(trained.b_dec, (x) => x * scale),
    threshold: threshold === undefined ? undefined : new Float32Array(d_sae).fill(threshold * scale)
  }
}
