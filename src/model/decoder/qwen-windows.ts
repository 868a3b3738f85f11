/** Which layers of a Qwen model have a window: only where `use_sliding_window` says so, and then the later ones. */
import * as Schema from "effect/Schema"
import { optional } from "./config-schema.ts"
import { type RotaryConfig, singleRope, windowOf } from "./rotary-config.ts"
import { type AttentionInputs, type LayerAttention, plainAttention } from "./rotary-family.ts"

export const qwenFields = Schema.Struct({
  attention_bias: optional(Schema.Boolean),
  use_sliding_window: optional(Schema.Boolean),
  max_window_layers: optional(Schema.Int)
})

/** Without a window there is nothing that a sliding layer could see. */
const windowless = (type: string): null | undefined => (type === "sliding_attention" ? null : undefined)

export const qwenAttention = (
  config: RotaryConfig & typeof qwenFields.Type,
  layer: number,
  { d_head }: AttentionInputs
): LayerAttention => {
  const windowed = config.use_sliding_window === true && config.sliding_window != null
  const later = windowed && layer >= (config.max_window_layers ?? 28)
  const type = config.layer_types?.[layer] ?? (later ? "sliding_attention" : "full_attention")
  return plainAttention(d_head, singleRope(config), windowed ? windowOf(config, type) : windowless(type))
}
