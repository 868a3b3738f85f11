/** What the stage kinds that train have in common: memory, the members of one pass, what is said and measured. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { Opened } from "../../stage/input.ts"
import { type Decoded, decoded } from "../../stage/param-problem.ts"
import type { Resources } from "../../stage/resources.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { optionProblems } from "../settings/option-problems.ts"
import { leastTrainingBytes, requireTrainingMemory } from "./training-memory.ts"
import { type ArchitectureName, type TrainingOptions, usesK } from "../settings/training-options.ts"
import { type TrainingRequest, trainingRequest } from "../settings/training-request.ts"
import type { TrainingRows } from "../rows/training-rows.ts"
import type { TrainedSae } from "./training-run.ts"
import type { RowSource } from "../../activations/row-source.ts"

/** The options of a training stage, or everything that is wrong with its parameters. */
export const decodeTraining = (
  params: TrainingRequest,
  what: Parameters<typeof optionProblems>[1]
): Decoded<TrainingOptions> => {
  const options = trainingRequest(params)
  if (typeof options === "string") return Result.fail([{ param: "preset", problem: options }])
  const problems = optionProblems(options, what).map(({ param, message }) => ({ param, problem: message }))
  return decoded(options, problems)
}

/** The least that training takes, before its inputs are there. */
export const trainingResources = ({ settings }: { readonly settings: TrainingOptions }): Resources => ({
  memory: leastTrainingBytes(settings)
})

/**
 * What is read in one pass are batches of one size; whatever else instances differ in, each has its own.
 *
 * @param same what else has to be the same: the inputs that hold the rows
 */
export const trainingGroup = ({ batch_rows }: TrainingOptions, ...same: ReadonlyArray<unknown>): string =>
  JSON.stringify([batch_rows, ...same])

interface TrainingContext extends Pick<StageContext<unknown, {}, unknown>, "progress" | "checkpoint" | "log"> {
  readonly params: { readonly architecture: ArchitectureName; readonly k: number | null }
  readonly settings: TrainingOptions
  readonly inputs: { readonly init?: Opened<SaeHandle> | undefined }
}

/** Trains all members in one pass over the rows, which are loaded once memory is known to suffice. */
export const trainMembers = Effect.fnUntraced(function* (
  contexts: ReadonlyArray<TrainingContext>,
  widths: { readonly d_in: number; readonly d_out: number },
  load: Effect.Effect<RowSource | TrainingRows, StageFailed | ArtifactError, Scope.Scope>
) {
  const { trainTogether } = yield* Effect.promise(() => import("./train-together.ts"))
  const members = yield* Effect.forEach(
    contexts,
    Effect.fnUntraced(function* ({ params, settings, inputs, progress, checkpoint, log }) {
      const { architecture, k } = params
      if (k !== null && !usesK(architecture) && architecture !== "jumprelu") {
        log(`k is not used: the L0 of ${architecture} follows from sparsity_coefficient`)
      }
      const init = yield* inputs.init?.value.stored ?? Effect.succeed(undefined)
      return { options: settings, hooks: { progress, checkpoint }, ...(init === undefined ? {} : { init }) }
    })
  )
  const sizes = members.map(({ options }) => ({ ...options, ...widths }))
  for (const { log } of contexts) yield* requireTrainingMemory(sizes, log)
  return yield* trainTogether(yield* load, members)
})

/** For `sae.json`: what was trained, and how it went. */
export const trainedInfo = (
  { params, inputs }: TrainingContext & { readonly params: { readonly preset: string } },
  { options, outcome }: TrainedSae
) => ({
  k: usesK(params.architecture) ? options.k : null,
  training: { ...options, preset: params.preset, init: inputs.init?.artifact.digest ?? null, ...outcome }
})

/** For `sae.json`: the rows of one activation. */
export const rowsInfo = ({ hook, model, digest }: ActivationsHandle) => ({
  hook,
  model,
  activations: digest,
  rows: "activations"
})

/** For SAELens: the same rows in its words. */
export const rowsMetadata = ({ hook, context_size, contexts }: ActivationsHandle) => ({
  hook_name: hook,
  context_size,
  prepend_bos: contexts.bos_id !== null,
  dataset_path: contexts.source,
  model_name: null
})

/** The headline metrics, said in the log too. */
export const trainedMetrics = ({ outcome, options }: TrainedSae, log: (line: string) => void) => {
  const { explained_variance, l0, loss, dead_latents, epochs } = outcome
  log(
    `explained variance ${explained_variance.toFixed(4)}, L0 ${l0.toFixed(1)}, ` +
      `${dead_latents} of ${options.d_sae} latents dead, ${epochs.toFixed(1)} epochs`
  )
  return { explained_variance, l0, loss, dead_fraction: dead_latents / options.d_sae }
}
