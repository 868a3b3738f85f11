/** What the stage kinds that train declare alike: code, memory, who shares a pass. */
import { totalmem } from "node:os"
import * as Effect from "effect/Effect"
import type { ParamProblem } from "../../stage/param-problem.ts"
import type { Upstream } from "../../stage/upstream.ts"
import { sizesApart } from "../../words/size-text.ts"
import type { Resources } from "../../stage/resources.ts"
import { architectureFile } from "../architectures.ts"
import type { TrainingOptions } from "../training-options.ts"
import { leastTrainingBytes, trainingBytes } from "../training/training-memory.ts"

/** The code that a training stage has besides its own: that of the architecture which is trained. */
export const trainingCode = ({ settings }: { readonly settings: TrainingOptions }): ReadonlyArray<string> => [
  architectureFile(settings.architecture)
]

/** The least that training takes, before its inputs are there. */
export const trainingResources = ({ settings }: { readonly settings: TrainingOptions }): Resources => ({
  memory: leastTrainingBytes(settings)
})

/** Told where the machine that plans has too little for what is certain; another one may run it. */
export const trainingCheck = ({
  settings,
  upstream
}: {
  readonly settings: TrainingOptions
  readonly upstream: Readonly<Record<string, ReadonlyArray<Upstream>>>
}): Effect.Effect<ReadonlyArray<ParamProblem>> =>
  Effect.sync(() => {
    const widths = Object.values(upstream).flatMap((made) => made.flatMap(({ metrics }) => metrics?.["d_in"] ?? []))
    const d = Math.max(1, ...widths)
    const bytes = trainingBytes({ ...settings, d_in: d, d_out: d })
    if (bytes <= totalmem()) return []
    const [wanted, there] = sizesApart(bytes, totalmem())
    const problem = `training takes ${widths.length === 0 ? "at least" : "about"} ${wanted} of memory, and this machine has ${there}`
    return [{ param: "d_sae", problem, remedy: "lower d_sae or batch_rows, or run it on a larger one", mild: true }]
  })

/**
 * What is read in one pass are batches of one size; whatever else instances differ in, each has its own.
 *
 * @param same what else has to be the same: the inputs that hold the rows
 */
export const trainingGroup = ({ batch_rows }: TrainingOptions, ...same: ReadonlyArray<unknown>): string =>
  JSON.stringify([batch_rows, ...same])
