/** Qwen 3 (Yang et al. 2025) as Hugging Face's `Qwen3ForCausalLM` has it: queries and keys are normalised head by head. */
import type { Architecture } from "../decoder/architecture.ts"
import { qwenLayerType, qwenWindow } from "../decoder/qwen-windows.ts"
import { describeRotaryDecoder, plainFamily } from "../decoder/rotary-decoder.ts"

export const qwen3: Architecture = {
  name: "qwen3",
  describe: describeRotaryDecoder({
    ...plainFamily,
    name: "qwen3",
    defaults: { keyValueHeads: 32, headDim: 128, context: 32_768, tied: false },
    biases: (config) => {
      const biased = config.attention_bias === true
      return { qkv: biased, attentionOut: biased, mlp: false }
    },
    normalizesQueries: true,
    layerType: qwenLayerType,
    window: qwenWindow
  })
}
