/** Qwen 3.5 (Qwen Team 2026) as Hugging Face's `Qwen3_5ForCausalLM` has it. */
import { qwen35Family, qwen35Sizes } from "../decoder/qwen3-5-family.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"

export default rotaryDecoder({ ...qwen35Family, name: "qwen3_5_text", defaults: qwen35Sizes })
