/** Mistral Small 3 and Ministral 3 with eyes, Hugging Face's `Mistral3ForConditionalGeneration`: their text part. */
import { textPart } from "../decoder/text-part.ts"
import ministral3 from "./ministral3.ts"
import mistral from "./mistral.ts"

export default textPart("mistral3", true, (type) =>
  type === "ministral3" ? ministral3 : type === "mistral" ? mistral : undefined
)
