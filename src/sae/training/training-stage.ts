/** What the stage kinds that train have in common: memory, the members of one pass, what is said and measured. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { Opened } from "../../stage/input.ts"
import type { Resources } from "../../stage/resources.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { leastTrainingBytes, requireTrainingMemory } from "./training-memory.ts"
import { architectureFile } from "../architectures.ts"
import type { TrainingOptions } from "../training-options.ts"
import { trainingRecord } from "./training-record.ts"
import type { TrainingRows } from "../rows/training-rows.ts"
import type { TrainedSae } from "./training-run.ts"
import type { RowSource } from "../../activations/row-source.ts"

/** The code that a training stage has besides its own: that of the architecture which is trained. */
export const trainingCode = ({ settings }: { readonly settings: TrainingOptions }): ReadonlyArray<string> => [
  architectureFile(settings.architecture)
]

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
    Effect.fnUntraced(function* ({ settings, inputs, progress, checkpoint }) {
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
  trained: TrainedSae
) => {
  const training = trainingRecord(trained, params.preset)
  const k = trained.options.architecture.sparseBy === "k" ? training.k : null
  return { k, training: { ...training, preset: params.preset, init: inputs.init?.artifact.digest ?? null } }
}

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
  // Batches are cut to the rows that there are.
  if (epochs === options.steps) {
    log(`every batch holds all ${options.batch_rows} training rows; give more text, or lower batch_rows`)
  }
  log(
    `explained variance ${explained_variance.toFixed(4)}, L0 ${l0.toFixed(1)}, ` +
      `${dead_latents} of ${options.d_sae} latents dead, ${epochs.toFixed(1)} epochs`
  )
  return { explained_variance, l0, loss, dead_fraction: dead_latents / options.d_sae }
}
