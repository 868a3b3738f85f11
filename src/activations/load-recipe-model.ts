/**
 * The model of activations that are not stored. `computed-rows.ts` imports this file by a name that no bundler follows:
 * what the model computes is in the artifact's digest by its probe, so that code which loads and runs models need not be
 * in the key of every stage that reads activations.
 */
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"
import { LanguageModel } from "../kinds/language-model/language-model.ts"
import { loadBody } from "../model/load-model.ts"
import { runModel } from "../model/run-model.ts"

/** Freed with the scope. */
export const loadRecipeModel = Effect.fn("loadRecipeModel")(function* (artifact: Artifact) {
  const handle = yield* LanguageModel.open(artifact)
  const model = yield* loadBody(handle).pipe(
    Effect.mapError((error) =>
      error._tag === "ModelError"
        ? new ArtifactError({ reason: "invalid", digest: artifact.digest, path: "config.json", detail: error.message })
        : error
    )
  )
  return { model, run: runModel }
})
