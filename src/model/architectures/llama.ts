/** Llama 1 to 3 (Touvron et al. 2023), SmolLM and others, as Hugging Face's `LlamaForCausalLM` has them. */
import type { Architecture } from "../decoder/architecture.ts"
import { describeRotaryDecoder, plainFamily } from "../decoder/rotary-decoder.ts"

export const llama: Architecture = {
  name: "llama",
  describe: describeRotaryDecoder({
    ...plainFamily,
    name: "llama",
    defaults: { keyValueHeads: null, headDim: undefined, context: 2048, tied: false },
    biases: (config) => {
      const attention = config.attention_bias === true
      return { qkv: attention, attentionOut: attention, mlp: config.mlp_bias === true }
    }
  })
}
