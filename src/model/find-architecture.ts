/** The architectures that can be run, by `model_type`: every file of `architectures/` is one, found by its name. */
import { readdirSync } from "node:fs"
import * as Effect from "effect/Effect"
import { codeEnding } from "../project/code-ending.ts"
import { misspelt } from "../words/did-you-mean.ts"
import type { ModelArchitecture, ModelConfig } from "./decoder/architecture.ts"
import { ModelError } from "./decoder/model-error.ts"

/** `model_type` -> file: its name, with `-` for `_`. */
const files: ReadonlyMap<string, string> = new Map(
  readdirSync(new URL("./architectures/", import.meta.url))
    .flatMap((file) => /^([a-z][a-z0-9-]*)\.(?:ts|js)$/.exec(file)?.[1] ?? [])
    .toSorted()
    .map((file) => [file.replaceAll("-", "_"), file])
)

export const architectureNames: ReadonlyArray<string> = [...files.keys()]

const load = (file: string): Promise<{ readonly default: ModelArchitecture }> =>
  import(`./architectures/${file}${codeEnding}`) as Promise<{ readonly default: ModelArchitecture }>

export const findArchitecture = (config: ModelConfig): Effect.Effect<ModelArchitecture, ModelError> => {
  const name = config["model_type"]
  const file = typeof name === "string" ? files.get(name) : undefined
  if (file !== undefined)
    return Effect.map(
      Effect.promise(() => load(file)),
      (module) => module.default
    )
  return Effect.fail(
    new ModelError({
      reason: "architecture",
      problem:
        typeof name === "string"
          ? `models of the architecture ${name} cannot be run yet${misspelt(name, architectureNames)}`
          : "config.json has no model_type, so the architecture is not known",
      remedy: `Architectures that can be run: ${architectureNames.join(", ")}.`
    })
  )
}
