/** Gemma 1 (Gemma Team 2024) as Hugging Face's `GemmaForCausalLM` has it: Llama with scaled embeddings. */
import { gemmaFamily } from "../decoder/gemma-family.ts"
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { normsBefore, plainAttention } from "../decoder/rotary-family.ts"

export default rotaryDecoder({
  ...gemmaFamily,
  name: "gemma",
  defaults: {
    vocab_size: 256_000,
    hidden_size: 3072,
    intermediate_size: 24_576,
    num_hidden_layers: 28,
    num_attention_heads: 16,
    num_key_value_heads: 16,
    head_dim: 256,
    max_position_embeddings: 8192,
    tie_word_embeddings: true,
    bos_token_id: 2
  },
  norms: normsBefore,
  unread: [
    "sliding_window",
    "layer_types",
    "hidden_activation",
    "query_pre_attn_scalar",
    "attn_logit_softcapping",
    "final_logit_softcapping"
  ],
  // The first published files say gelu; the library takes that for the tanh form, and does not look at hidden_activation.
  activation: (config) => {
    const name = config.hidden_act ?? "gelu_pytorch_tanh"
    return ["hidden_act", name === "gelu" ? "gelu_pytorch_tanh" : name]
  },
  attention: (config, _layer, { d_head }) => plainAttention(d_head, singleRope(config))
})
