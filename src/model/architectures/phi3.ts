/**
 * Phi-3 and Phi-4 (Abdin et al. 2024) as Hugging Face's `Phi3ForCausalLM` has them: fused projections, a part of each head
 * turned, two sets of factors for short and long contexts.
 */
import * as Schema from "effect/Schema"
import { contextSize, optional } from "../decoder/config-schema.ts"
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"
import { fused, fusedGateAt, gatedMlp } from "../decoder/rotary-layout.ts"

/** Names that the factors for long contexts had earlier; the library reads them so, and no other kind of scaling. */
const types: Readonly<Record<string, string>> = { su: "longrope", yarn: "longrope" }

export default rotaryDecoder({
  name: "phi3",
  fields: Schema.Struct({ original_max_position_embeddings: optional(contextSize) }),
  defaults: {
    vocab_size: 32_064,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 4096,
    original_max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    bos_token_id: 1
  },
  partial: true,
  unread: ["layer_types"],
  layout: () => fused,
  attention: (config, _layer, { d_head }) => {
    const { fields, base } = singleRope(config)
    const type = String(fields["rope_type"] ?? fields["type"] ?? "default")
    const trained = config.original_max_position_embeddings
    const rope = {
      ...fields,
      rope_type: types[type] ?? type,
      // The number beside the parameters counts, not theirs.
      ...(trained == null ? {} : { original_max_position_embeddings: trained })
    }
    return plainAttention(d_head, { fields: rope, base }, config.sliding_window ?? undefined)
  },
  mlp: ({ config, layer, activation }) =>
    gatedMlp(layer, { d_model: config.hidden_size, d_mlp: config.intermediate_size }, activation, fusedGateAt)
})
