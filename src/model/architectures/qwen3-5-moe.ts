/** Qwen 3.5's mixtures with eyes (Qwen Team 2026), Hugging Face's `Qwen3_5MoeForConditionalGeneration`: their text part. */
import { textPart } from "../decoder/text-part.ts"
import qwen35MoeText from "./qwen3-5-moe-text.ts"

export default textPart("qwen3_5_moe", false, (type) => (type === "qwen3_5_moe_text" ? qwen35MoeText : undefined))
