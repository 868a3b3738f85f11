/** Mistral (Jiang et al. 2023) as Hugging Face's `MistralForCausalLM` has it: Llama with a window in every layer. */
import type { Architecture } from "../decoder/architecture.ts"
import { describeRotaryDecoder, plainFamily, type RotaryDecoderConfig } from "../decoder/rotary-decoder.ts"

/** Versions since 0.2 say null: no window. */
const windowed = (config: RotaryDecoderConfig): number | undefined =>
  config.sliding_window === undefined ? 4096 : (config.sliding_window ?? undefined)

export const mistral: Architecture = {
  name: "mistral",
  describe: describeRotaryDecoder({
    ...plainFamily,
    name: "mistral",
    defaults: { keyValueHeads: 8, headDim: undefined, context: 131_072, tied: false },
    layerType: (config) => (windowed(config) === undefined ? "full_attention" : "sliding_attention"),
    window: windowed
  })
}
