/** What the stage kinds that train have in common: memory, the members of one pass, what is said and measured. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type * as Stage from "../../stage/stage.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import { optionProblems } from "../settings/option-problems.ts"
import { leastTrainingBytes, requireTrainingMemory } from "./training-memory.ts"
import { usesK } from "../settings/training-options.ts"
import { type TrainingRequest, trainingRequest } from "../settings/training-request.ts"
import type { TrainingRows } from "../rows/training-rows.ts"
import type { TrainedSae } from "./training-run.ts"
import type { RowSource } from "../../activations/row-source.ts"

/** The least that training takes, before its inputs are there. */
export const trainingResources = (params: TrainingRequest): Stage.Resources => {
  const options = trainingRequest(params)
  return typeof options === "string" ? {} : { memory: leastTrainingBytes(options) }
}

export const trainingProblems = (params: TrainingRequest, what?: Parameters<typeof optionProblems>[1]) => {
  const options = trainingRequest(params)
  return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options, what)
}

/**
 * What is read in one pass are batches of one size; whatever else instances differ in, each has its own.
 *
 * @param same what else has to be the same: the inputs that hold the rows
 */
export const trainingGroup = (params: TrainingRequest, ...same: ReadonlyArray<string | undefined>) => {
  const options = trainingRequest(params)
  return typeof options === "string" ? undefined : JSON.stringify([options.batch_rows, ...same])
}

interface TrainingContext extends Pick<Stage.StageContext<unknown, {}, unknown>, "progress" | "checkpoint" | "log"> {
  readonly params: TrainingRequest
  readonly inputs: { readonly init?: Stage.Opened<SaeHandle> | undefined }
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
    Effect.fnUntraced(function* ({ params, inputs, progress, checkpoint, log }) {
      const options = trainingRequest(params)
      if (typeof options === "string") return yield* stageFailed(options)
      const { architecture, k } = params
      if (k !== null && !usesK(architecture) && architecture !== "jumprelu") {
        log(`k is not used: the L0 of ${architecture} follows from sparsity_coefficient`)
      }
      const init = yield* inputs.init?.value.stored ?? Effect.succeed(undefined)
      return { options, hooks: { progress, checkpoint }, ...(init === undefined ? {} : { init }) }
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
