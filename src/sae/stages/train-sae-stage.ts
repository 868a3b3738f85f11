/** The stage train-sae: SAEs of one pass over the rows. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { writeStoredSae } from "../../kinds/sae/write-sae.ts"
import type { Opened } from "../../stage/input.ts"
import { loadTrainingRows } from "../rows/load-training-rows.ts"
import {
  rowsInfo,
  rowsMetadata,
  trainedInfo,
  trainedMetrics,
  type TrainingContext,
  trainMembers
} from "./train-members.ts"
import type { TrainedSae } from "../training/trained-sae.ts"

type Context = TrainingContext<{ readonly architecture: string }, { readonly activations: Opened<ActivationsHandle> }>

const save = Effect.fnUntraced(function* (context: Context, trained: TrainedSae) {
  const activations = context.inputs.activations.value
  const { architecture } = context.params
  const metadata = { ...rowsMetadata(activations), hook_head_index: null, training_architecture: architecture }
  const info = { architecture, ...rowsInfo(activations), ...trainedInfo(context, trained) }
  yield* writeStoredSae(context.output, { ...trained.stored, metadata }, info, trained.curve)
  return trainedMetrics(trained, context.log)
})

export const trainSaeStage = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const activations = (contexts[0] as Context).inputs.activations.value
  const { d_in } = activations
  const trained = yield* trainMembers(contexts, { d_in, d_out: d_in }, loadTrainingRows(activations))
  return yield* Effect.forEach(contexts, (context, i) => save(context, trained[i] as TrainedSae))
})
