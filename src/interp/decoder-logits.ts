/** The tokens that latents promote, from their SAE's decoder rows and the model's unembedding. */
import type { RunnableModel } from "../model/run-model.ts"
import type { DecoderDirections } from "./dictionary.ts"
import { type LogitWeights, logitWeights } from "./logit-weights.ts"

/** Undefined where the hook is not part of the residual stream, and so reaches the logits through other layers alone. */
export const decoderLogits = (
  model: RunnableModel,
  { hook, W_dec, d_out }: DecoderDirections,
  latents: ReadonlyArray<number>,
  count: number
): ReadonlyArray<LogitWeights> | undefined => {
  if (d_out !== model.info.d_model || !/hook_(resid_|mlp_out|attn_out|embed)/.test(hook)) return undefined
  const rows = new Float32Array(latents.length * d_out)
  for (const [i, latent] of latents.entries()) rows.set(W_dec.subarray(latent * d_out, (latent + 1) * d_out), i * d_out)
  const { finalNorm, unembedding } = model.weights
  const scale = Float32Array.from(finalNorm.weight.dataSync<"float32">())
  // A normalisation with a bias is a LayerNorm, which subtracts the mean.
  const centres = finalNorm.bias !== undefined
  return logitWeights(rows, { scale, centres }, { matrix: unembedding, scale: model.logitScale }, count)
}
