/** Which layers of a Qwen model have a window: only where `use_sliding_window` says so, and then the later ones. */
import type { LayerType, RotaryDecoderConfig } from "./rotary-decoder.ts"

export const qwenWindow = (config: RotaryDecoderConfig): number | undefined => {
  if (config.use_sliding_window !== true) return undefined
  return config.sliding_window === undefined ? 4096 : (config.sliding_window ?? undefined)
}

export const qwenLayerType = (config: RotaryDecoderConfig, layer: number): LayerType =>
  config.layer_types?.[layer] ??
  (qwenWindow(config) !== undefined && layer >= (config.max_window_layers ?? 28)
    ? "sliding_attention"
    : "full_attention")
