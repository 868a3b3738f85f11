/** The formats of SAEs that can be read and written, and which of them a folder holds. */
import * as Effect from "effect/Effect"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { dictionaryLearning } from "./dictionary-learning.ts"
import { gemmaScope } from "./gemma-scope.ts"
import { openAi } from "./openai.ts"
import type { SaeFolder } from "./sae-folder.ts"
import type { FormatName, SaeFormat } from "./sae-format.ts"
import { saeLens } from "./saelens.ts"
import { sparsify } from "./sparsify.ts"

/** Those that are told by names of files first, then those that need a look into one. */
export const formats: Readonly<Record<FormatName, SaeFormat>> = {
  saelens: saeLens,
  sparsify,
  gemma_scope: gemmaScope,
  dictionary_learning: dictionaryLearning,
  openai: openAi
}

export const formatNames = Object.keys(formats) as ReadonlyArray<FormatName>

/** The format of the files, or a failure that lists what was looked for. */
export const detectFormat = Effect.fn("detectFormat")(function* (folder: SaeFolder) {
  for (const format of Object.values(formats)) if (yield* format.detect(folder)) return format
  const known = Object.values(formats).map(({ name, files }) => `${name}: ${files}`)
  const [some, more] = [folder.names.slice(0, 8), folder.names.length - 8]
  return yield* new ArtifactError({
    reason: "invalid",
    digest: folder.digest,
    path: ".",
    detail:
      `no SAE of a known format is here. It holds ${some.join(", ")}${more > 0 ? ` and ${more} more` : ""}; ` +
      `known are ${known.join("; ")}`
  })
})

/** Reads whatever format the folder holds. */
export const readAnySae = Effect.fn("readAnySae")(function* (folder: SaeFolder) {
  return yield* (yield* detectFormat(folder)).read(folder)
})
