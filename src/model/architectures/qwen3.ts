/** Qwen 3 (Yang et al. 2025) as Hugging Face's `Qwen3ForCausalLM` has it: queries and keys are normalised head by head. */
import { qwenAttention, qwenFields } from "../decoder/qwen-windows.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { separate } from "../decoder/rotary-layout.ts"

export default rotaryDecoder({
  name: "qwen3",
  fields: qwenFields,
  defaults: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    head_dim: 128,
    max_position_embeddings: 32_768,
    sliding_window: 4096,
    max_window_layers: 28
  },
  layout: (config) => separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }),
  normalizes: "one",
  attention: qwenAttention
})
