/**
 * The artifact kind Evaluation: how well one SAE does on rows that it was not trained on.
 *
 * Files: `evaluation.json` (`EvaluationInfo`) and `latents.arrow` (one row a latent).
 */
import * as Effect from "effect/Effect"
import { makeKind } from "../../artifact/artifact-kind.ts"

export const Evaluation = makeKind({
  name: "Evaluation",
  version: 1,
  description: "metrics of one SAE on held-out rows",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-evaluation.ts")),
      (module) => module.readEvaluation(artifact)
    )
})
