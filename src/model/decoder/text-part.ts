/** The language model inside a model that sees images too: what stands under `text_config`. */
import * as Effect from "effect/Effect"
import type { ModelArchitecture } from "./architecture.ts"
import { checkKeys } from "./config-keys.ts"
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
  architectureOf: (type: unknown) => ModelArchitecture | undefined
): ModelArchitecture => ({
  reads: ["text_config", "tie_word_embeddings"],
  describe: Effect.fn(`${name}.describe`)(function* (config) {
    const text = config["text_config"]
    if (!isFields(text)) return yield* configProblem(`a ${name} model needs text_config`)
    const architecture = architectureOf(text["model_type"])
    if (architecture === undefined) {
      return yield* configProblem(`text_config of a ${name} model: ${String(text["model_type"])} is not implemented`)
    }
    yield* checkKeys(text, architecture.reads, "text_config.")
    const outer = config["tie_word_embeddings"] ?? tied
    const described = yield* architecture.describe({ ...text, tie_word_embeddings: outer })
    const inner = text["tie_word_embeddings"] ?? outer
    if (inner === outer) return described
    const warning = `config.json says tie_word_embeddings: ${String(outer)}, and ${String(inner)} in text_config, which does not count`
    return { ...described, warnings: [...described.warnings, warning] }
  })
})
