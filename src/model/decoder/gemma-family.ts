/** What the Gemma models share beyond the other rotary decoders: scaled embeddings, and scales stored less 1. */
import * as Schema from "effect/Schema"
import { optional } from "./config-schema.ts"
import type { RotaryConfig } from "./rotary-config.ts"
import { type LayerAttention, normsAround } from "./rotary-family.ts"
import { separate } from "./rotary-layout.ts"

export const gemmaFields = Schema.Struct({
  attention_bias: optional(Schema.Boolean),
  hidden_activation: optional(Schema.String),
  query_pre_attn_scalar: optional(Schema.Finite),
  attn_logit_softcapping: optional(Schema.Finite),
  final_logit_softcapping: optional(Schema.Finite)
})
type GemmaConfig = RotaryConfig & typeof gemmaFields.Type

export const gemmaFamily = {
  fields: gemmaFields,
  scalesLessOne: true,
  unread: ["hidden_act"],
  norms: normsAround,
  activation: (config: GemmaConfig) => ["hidden_activation", config.hidden_activation ?? "gelu_pytorch_tanh"] as const,
  layout: (config: GemmaConfig) =>
    separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }),
  scales: (config: GemmaConfig) => ({ embeddingScale: Math.fround(Math.sqrt(config.hidden_size)) })
}

/** Queries are scaled by a number of their own, not by the width of a head. */
export const gemmaScale = (config: GemmaConfig): Pick<LayerAttention, "scoreScale"> => ({
  scoreScale: (config.query_pre_attn_scalar ?? 256) ** -0.5
})
