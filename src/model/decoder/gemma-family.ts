/** What Gemma 2 and 3 share beyond the other rotary decoders. */
import { plainFamily, type RotaryDecoderConfig } from "./rotary-decoder.ts"

/** null turns a cap off, absence leaves it at its default. */
export const capOf = (value: number | null | undefined, otherwise: number | undefined): number | undefined =>
  value === undefined ? otherwise : (value ?? undefined)

export const gemmaFamily = {
  ...plainFamily,
  gemma: true,
  activation: (config: RotaryDecoderConfig) =>
    ["hidden_activation", config.hidden_activation ?? "gelu_pytorch_tanh"] as const,
  biases: (config: RotaryDecoderConfig) => {
    const biased = config.attention_bias === true
    return { qkv: biased, attentionOut: biased, mlp: false }
  },
  window: (config: RotaryDecoderConfig): number | undefined => capOf(config.sliding_window, 4096),
  scoreScale: (config: RotaryDecoderConfig) => (config.query_pre_attn_scalar ?? 256) ** -0.5
}
