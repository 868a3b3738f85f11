/**
 * OLMo 2 (OLMo Team 2024) as Hugging Face's `Olmo2ForCausalLM` has it: normalisation after attention and MLP alone, and of
 * queries and keys over all heads together.
 */
import { olmoFamily, olmoSizes } from "../decoder/olmo-family.ts"
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"

export default rotaryDecoder({
  ...olmoFamily,
  name: "olmo2",
  defaults: olmoSizes,
  unread: ["sliding_window", "layer_types"],
  attention: (config, _layer, { d_head }) => plainAttention(d_head, singleRope(config))
})
