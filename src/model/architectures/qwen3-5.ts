/** Qwen 3.5 with eyes (Qwen Team 2026), Hugging Face's `Qwen3_5ForConditionalGeneration`: its text part. */
import { textPart } from "../decoder/text-part.ts"
import qwen35Text from "./qwen3-5-text.ts"

export default textPart("qwen3_5", false, (type) => (type === "qwen3_5_text" ? qwen35Text : undefined))
