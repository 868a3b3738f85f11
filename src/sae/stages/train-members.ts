/** What the stages that train have in common: the members of one pass, what is said of them and measured. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { RowSource } from "../../activations/row-source.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import type { TrainingRows } from "../rows/training-rows.ts"
import type { TrainingOptions } from "../training-options.ts"
import { trainTogether } from "../training/train-together.ts"
import { requireTrainingMemory } from "../training/training-memory.ts"
import { trainingRecord } from "../training/training-record.ts"
import type { TrainedSae } from "../training/trained-sae.ts"

interface WithInit {
  /** An earlier SAE to go on from. */
  readonly init: Opened<SaeHandle> | undefined
}

/** What every stage that trains receives, besides parameters and inputs of its own. */
export type TrainingContext<Params, Inputs> = StageContext<
  Params & { readonly preset: string },
  unknown,
  Inputs & WithInit,
  TrainingOptions
>

/** Trains all members in one pass over the rows, which are loaded once memory is known to suffice. */
export const trainMembers = Effect.fnUntraced(function* (
  contexts: ReadonlyArray<TrainingContext<unknown, unknown>>,
  widths: { readonly d_in: number; readonly d_out: number },
  load: Effect.Effect<RowSource | TrainingRows, StageFailed | ArtifactError, Scope.Scope>
) {
  const members = yield* Effect.forEach(
    contexts,
    Effect.fnUntraced(function* ({ settings, inputs, progress, checkpoint }) {
      const init = yield* inputs.init?.value.stored ?? Effect.succeed(undefined)
      return { options: settings, hooks: { progress, checkpoint }, ...(init === undefined ? {} : { init }) }
    })
  )
  const sizes = members.map(({ options }) => ({ ...options, ...widths }))
  for (const { log, memory } of contexts) yield* requireTrainingMemory(sizes, log, memory)
  return yield* trainTogether(yield* load, members)
})

/** For `sae.json`: what was trained, and how it went. */
export const trainedInfo = ({ params, inputs }: TrainingContext<unknown, unknown>, trained: TrainedSae) => {
  const { k }: Readonly<Record<string, unknown>> = trained.options
  const training = trainingRecord(trained)
  return {
    k: typeof k === "number" ? k : null,
    training: { ...training, preset: params.preset, init: inputs.init?.artifact.digest ?? null }
  }
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
