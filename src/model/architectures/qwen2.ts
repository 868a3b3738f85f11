/** Qwen 2 and 2.5 (Yang et al. 2024) as Hugging Face's `Qwen2ForCausalLM` has them: biases on queries, keys and values. */
import { qwenAttention, qwenFields } from "../decoder/qwen-windows.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { separate } from "../decoder/rotary-layout.ts"

export default rotaryDecoder({
  name: "qwen2",
  fields: qwenFields,
  defaults: {
    vocab_size: 151_936,
    hidden_size: 4096,
    intermediate_size: 22_016,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 32_768,
    sliding_window: 4096,
    max_window_layers: 28
  },
  layout: () => separate({ qkv: true, out: false }),
  attention: qwenAttention
})
