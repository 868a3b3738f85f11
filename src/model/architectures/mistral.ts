/**
 * Mistral (Jiang et al. 2023) as Hugging Face's `MistralForCausalLM` has it: Llama with a window in every layer, or, where
 * `layer_types` says so, in some (then the library takes it for a Ministral).
 */
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { noFields, plainAttention } from "../decoder/rotary-family.ts"
import { singleRope, windowAt } from "../decoder/rotary-config.ts"

export default rotaryDecoder({
  name: "mistral",
  fields: noFields,
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131_072,
    sliding_window: 4096
  },
  // Versions since 0.2 say null: no window.
  attention: (config, layer, { d_head }) => plainAttention(d_head, singleRope(config), windowAt(config, layer))
})
