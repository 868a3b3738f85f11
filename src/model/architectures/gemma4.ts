/** Gemma 4 with eyes and ears (Gemma Team 2026), Hugging Face's `Gemma4ForConditionalGeneration`: its text part. */
import { textPart } from "../decoder/text-part.ts"
import gemma4Text from "./gemma4-text.ts"

export default textPart("gemma4", true, () => gemma4Text)
