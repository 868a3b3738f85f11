/**
 * Gemma 2 (Gemma Team 2024) as Hugging Face's `Gemma2ForCausalLM` has it: capped scores and logits, a window in every
 * other layer, normalisation before and after attention and MLP.
 */
import { gemmaFamily, gemmaScale } from "../decoder/gemma-family.ts"
import { singleRope, windowOf } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"

export default rotaryDecoder({
  ...gemmaFamily,
  name: "gemma2",
  defaults: {
    vocab_size: 256_000,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
    sliding_window: 4096,
    query_pre_attn_scalar: 256,
    attn_logit_softcapping: 50,
    final_logit_softcapping: 30
  },
  attention: (config, layer) => {
    const type = config.layer_types?.[layer] ?? (layer % 2 === 0 ? "sliding_attention" : "full_attention")
    return {
      ...gemmaScale(config),
      scoreCap: config.attn_logit_softcapping ?? undefined,
      rope: singleRope(config),
      window: windowOf(config, type)
    }
  },
  logitCap: (config) => config.final_logit_softcapping ?? undefined
})
