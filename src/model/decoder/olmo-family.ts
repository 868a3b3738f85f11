/** What OLMo 2 and 3 share. */
import * as Schema from "effect/Schema"
import { optional } from "./config-schema.ts"
import { normsAfter } from "./rotary-family.ts"
import { separate } from "./rotary-layout.ts"

const fields = Schema.Struct({ attention_bias: optional(Schema.Boolean) })

export const olmoFamily = {
  fields,
  norms: normsAfter,
  normalizes: "all",
  layout: (config: typeof fields.Type) =>
    separate({ qkv: config.attention_bias === true, out: config.attention_bias === true })
} as const

export const olmoSizes = {
  vocab_size: 50_304,
  hidden_size: 4096,
  intermediate_size: 11_008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  max_position_embeddings: 2048,
  rms_norm_eps: 1e-5
}
