/** What the stage kinds that train declare alike: code, memory, who shares a pass. */
import * as Effect from "effect/Effect"
import { knownWidth } from "../../activations/known-width.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"
import type { Upstream } from "../../stage/upstream.ts"
import type { Resources } from "../../stage/resources.ts"
import { architectureFile } from "../architectures.ts"
import type { TrainingOptions } from "../training-options.ts"
import { leastTrainingBytes, trainingNeed } from "../training/training-memory.ts"

/** The code that a training stage has besides its own: that of the architecture which is trained. */
export const trainingCode = ({ settings }: { readonly settings: TrainingOptions }): ReadonlyArray<string> => [
  architectureFile(settings.architecture)
]

/** The least that training takes, before its inputs are there. */
export const trainingResources = ({ settings }: { readonly settings: TrainingOptions }): Resources => ({
  memory: leastTrainingBytes(settings)
})

/** The least that one SAE takes by itself; of rows that are not there yet, as if they had one number. */
export const trainingCheck = ({
  settings,
  upstream
}: {
  readonly settings: TrainingOptions
  readonly upstream: Readonly<Record<string, ReadonlyArray<Upstream>>>
}): Effect.Effect<ReadonlyArray<ParamProblem>> =>
  Effect.sync(() => {
    const width = knownWidth(upstream)
    return [trainingNeed({ ...settings, d_in: width ?? 1, d_out: width ?? 1 }, width !== undefined)]
  })

/**
 * What is read in one pass are batches of one size; whatever else instances differ in, each has its own.
 *
 * @param same what else has to be the same: the inputs that hold the rows
 */
export const trainingGroup = ({ batch_rows }: TrainingOptions, ...same: ReadonlyArray<unknown>): string =>
  JSON.stringify([batch_rows, ...same])
