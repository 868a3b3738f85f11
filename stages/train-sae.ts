/** Trains one SAE on the training rows of an Activations artifact; several of them in one pass over the rows. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training/training-params.ts"
import type { TrainedSae } from "../src/sae/training/training-run.ts"
import {
  rowsInfo,
  rowsMetadata,
  trainedInfo,
  trainedMetrics,
  trainingCode,
  trainingGroup,
  trainingResources,
  trainMembers
} from "../src/sae/training/training-stage.ts"
import type { TrainingOptions } from "../src/sae/training-options.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Stage from "../src/stage/stage.ts"

const inputs = {
  activations: Stage.one(Activations, "the rows to train on; held-out rows are not touched"),
  init: Stage.optional(
    Sae,
    "an SAE of the same architecture and sizes to go on from: its weights are the first ones, Adam's moments start at zero"
  )
}

type Context = Stage.ContextOf<typeof trainingParams, typeof inputs, TrainingOptions>

const save = Effect.fnUntraced(function* (context: Context, trained: TrainedSae) {
  const { writeStoredSae } = yield* Effect.promise(() => import("../src/kinds/sae/write-sae.ts"))
  const activations = context.inputs.activations.value
  const { architecture } = context.params
  const metadata = { ...rowsMetadata(activations), hook_head_index: null, training_architecture: architecture }
  const info = { architecture, ...rowsInfo(activations), ...trainedInfo(context, trained) }
  yield* writeStoredSae(context.output, { ...trained.stored, metadata }, info, trained.curve)
  return trainedMetrics(trained, context.log)
})

const train = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/rows/load-training-rows.ts"))
  const activations = (contexts[0] as Context).inputs.activations.value
  const { d_in } = activations
  const trained = yield* trainMembers(contexts, { d_in, d_out: d_in }, loadTrainingRows(activations))
  return yield* Effect.forEach(contexts, (context, i) => save(context, trained[i] as TrainedSae))
})

export default Stage.make("train-sae", {
  summary: "Trains a sparse autoencoder on activations and saves it as a SAELens folder",
  inputs,
  params: trainingParams,
  output: Sae,
  metrics: trainingMetrics,
  engine: true,
  isolation: "process",
  decode: (params) => trainingRequest(params, "autoencoder"),
  code: trainingCode,
  resources: trainingResources,
  runTogether: { group: ({ settings, inputs: given }) => trainingGroup(settings, given["activations"]), run: train }
})
