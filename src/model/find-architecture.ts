/** The architectures that can be run, by `model_type`. */
import * as Effect from "effect/Effect"
import { suggest } from "../words/did-you-mean.ts"
import type { Architecture, ModelConfig } from "./decoder/architecture.ts"
import { gemma2 } from "./architectures/gemma2.ts"
import { gemma3, gemma3Text } from "./architectures/gemma3.ts"
import { gpt2 } from "./architectures/gpt2.ts"
import { gptNeo } from "./architectures/gpt-neo.ts"
import { gptNeox } from "./architectures/gpt-neox.ts"
import { llama } from "./architectures/llama.ts"
import { mistral } from "./architectures/mistral.ts"
import { qwen2 } from "./architectures/qwen2.ts"
import { qwen3 } from "./architectures/qwen3.ts"
import { ModelError } from "./decoder/model-error.ts"

const architectures: ReadonlyArray<Architecture> = [
  gemma2,
  gemma3,
  gemma3Text,
  gpt2,
  gptNeo,
  gptNeox,
  llama,
  mistral,
  qwen2,
  qwen3
]

export const architectureNames: ReadonlyArray<string> = architectures.map(({ name }) => name)

export const findArchitecture = (config: ModelConfig): Effect.Effect<Architecture, ModelError> => {
  const name = config["model_type"]
  const found = architectures.find((architecture) => architecture.name === name)
  if (found !== undefined) return Effect.succeed(found)
  return Effect.fail(
    new ModelError({
      reason: "architecture",
      problem:
        typeof name === "string"
          ? `models of the architecture ${name} cannot be run yet${suggest(name, architectureNames)}`
          : "config.json has no model_type, so the architecture is not known",
      remedy: `Architectures that can be run: ${architectureNames.join(", ")}.`
    })
  )
}
