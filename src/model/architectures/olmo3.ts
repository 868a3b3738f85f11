/**
 * OLMo 3 (OLMo Team 2025) as Hugging Face's `Olmo3ForCausalLM` has it: OLMo 2 with a window in three layers of four, whose
 * positions are not scaled.
 */
import { olmoFamily, olmoSizes } from "../decoder/olmo-family.ts"
import { ropeOf, windowOf } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"

const base = 500_000

export default rotaryDecoder({
  ...olmoFamily,
  name: "olmo3",
  defaults: { ...olmoSizes, sliding_window: 4096 },
  attention: (config, layer, { d_head }) => {
    const type = config.layer_types?.[layer] ?? ((layer + 1) % 4 === 0 ? "full_attention" : "sliding_attention")
    // In the library, a rope_theta beside the parameters is that of layers which see everything.
    const rope = ropeOf(config, type, { full_attention: config.rope_theta ?? base, sliding_attention: base })
    return plainAttention(d_head, rope, windowOf(config, type))
  }
})
