/**
 * Gemma 2 (Gemma Team 2024) as Hugging Face's `Gemma2ForCausalLM` has it: capped scores and logits, a window in every
 * other layer, normalisation before and after attention and MLP.
 */
import type { Architecture } from "../decoder/architecture.ts"
import { capOf, gemmaFamily } from "../decoder/gemma-family.ts"
import { describeRotaryDecoder } from "../decoder/rotary-decoder.ts"

export const gemma2: Architecture = {
  name: "gemma2",
  describe: describeRotaryDecoder({
    ...gemmaFamily,
    name: "gemma2",
    defaults: { keyValueHeads: 4, headDim: 256, context: 8192, tied: true },
    layerType: (config, layer) =>
      config.layer_types?.[layer] ?? (layer % 2 === 0 ? "sliding_attention" : "full_attention"),
    scoreCap: (config) => capOf(config.attn_logit_softcapping, 50),
    logitCap: (config) => capOf(config.final_logit_softcapping, 30)
  })
}
