/** Qwen 2 and 2.5 (Yang et al. 2024) as Hugging Face's `Qwen2ForCausalLM` has them: biases on queries, keys and values. */
import type { Architecture } from "../decoder/architecture.ts"
import { qwenLayerType, qwenWindow } from "../decoder/qwen-windows.ts"
import { describeRotaryDecoder, plainFamily } from "../decoder/rotary-decoder.ts"

export const qwen2: Architecture = {
  name: "qwen2",
  describe: describeRotaryDecoder({
    ...plainFamily,
    name: "qwen2",
    defaults: { keyValueHeads: 32, headDim: undefined, context: 32_768, tied: false },
    biases: () => ({ qkv: true, attentionOut: false, mlp: false }),
    layerType: qwenLayerType,
    window: qwenWindow
  })
}
