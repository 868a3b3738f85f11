/** The stage train-transcoder: transcoders of one pass over the rows. */
import * as Effect from "effect/Effect"
import { requireAligned } from "../../activations/fit.ts"
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

type Context = TrainingContext<
  { readonly architecture: string; readonly skip: boolean },
  { readonly activations: Opened<ActivationsHandle>; readonly target: Opened<ActivationsHandle> }
>

const save = Effect.fnUntraced(function* (context: Context, trained: TrainedSae) {
  const { activations, target } = context.inputs
  const { architecture, skip } = context.params
  const { k, training } = trainedInfo(context, trained)
  const hook_out = target.value.hook
  const metadata = {
    ...rowsMetadata(activations.value),
    hook_name_out: hook_out,
    training_architecture: architecture
  }
  const info = {
    architecture: `${architecture}${skip ? "_skip" : ""}_transcoder`,
    k,
    ...rowsInfo(activations.value),
    training: { ...training, target: target.value.digest, hook_out }
  }
  yield* writeStoredSae(context.output, { ...trained.stored, metadata }, info, trained.curve)
  return trainedMetrics(trained, context.log)
})

export const trainTranscoderStage = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { inputs: given } = contexts[0] as Context
  const [activations, target] = [given.activations.value, given.target.value]
  yield* requireAligned([activations, target])
  const rows = Effect.gen(function* () {
    return { sources: [yield* loadTrainingRows(activations)], target: yield* loadTrainingRows(target) }
  })
  const trained = yield* trainMembers(contexts, { d_in: activations.d_in, d_out: target.d_in }, rows)
  return yield* Effect.forEach(contexts, (context, i) => save(context, trained[i] as TrainedSae))
})
