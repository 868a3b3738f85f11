/** Gemma 3 with eyes (Gemma Team 2025), Hugging Face's `Gemma3ForConditionalGeneration`: its text part. */
import { textPart } from "../decoder/text-part.ts"
import gemma3Text from "./gemma3-text.ts"

export default textPart("gemma3", true, () => gemma3Text)
