import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"

/**
 * Opens the rows of an Activations artifact, in batches that are read one at a time; those that are not stored are computed
 * by their model while they are read, for which the stage kind needs an engine.
 *
 * Fails with `ArtifactError` where a byte differs from its digest.
 *
 * @example
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { openActivations } from "sae-pipeline/kinds"
 * import type { ActivationsHandle } from "sae-pipeline/kinds"
 *
 * const firstNorms = (handle: ActivationsHandle) =>
 *   Effect.gen(function* () {
 *     const { train } = yield* openActivations(handle)
 *     return (yield* train.readBatch(0)).norm
 *   })
 * ```
 *
 * @returns `train` and `held_out`: rows `[rows, d_in]`, f32, row-major
 */
export const openActivations = (handle: ActivationsHandle) =>
  Effect.flatMap(
    Effect.promise(() => import("../activations/open-activations.ts")),
    (module) => module.openActivations(handle)
  )
