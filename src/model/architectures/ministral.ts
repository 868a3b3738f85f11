/** Ministral (Mistral AI 2024) as Hugging Face's `MinistralForCausalLM` has it: Mistral with layers that see everything. */
import { singleRope, windowAt } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { noFields, plainAttention } from "../decoder/rotary-family.ts"

export default rotaryDecoder({
  name: "ministral",
  fields: noFields,
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131_072,
    sliding_window: 4096,
    bos_token_id: 1
  },
  attention: (config, layer, { d_head }) => plainAttention(d_head, singleRope(config), windowAt(config, layer))
})
