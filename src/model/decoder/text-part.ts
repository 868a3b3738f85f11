/** The language model inside a model that sees images too: what stands under `text_config`. */
import * as Effect from "effect/Effect"
import type { Architecture } from "./architecture.ts"
import { configProblem } from "./config-schema.ts"

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * @param tied what the library takes where the outer configuration does not say whether the embedding is the unembedding; what
 *   the text part says of it counts for nothing
 * @param architectureOf that of the text part, by its `model_type`; undefined where there is none
 */
export const textPart = (
  name: string,
  tied: boolean,
  architectureOf: (type: unknown) => Architecture | undefined
): Architecture => ({
  reads: ["text_config", "tie_word_embeddings"],
  describe: (config) => {
    const text = config["text_config"]
    if (!isFields(text)) return Effect.fail(configProblem(`a ${name} model needs text_config`))
    const architecture = architectureOf(text["model_type"])
    if (architecture === undefined) {
      return Effect.fail(
        configProblem(`text_config of a ${name} model: ${String(text["model_type"])} is not implemented`)
      )
    }
    return architecture.describe({ ...text, tie_word_embeddings: config["tie_word_embeddings"] ?? tied })
  }
})
