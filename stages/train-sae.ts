/** Trains one SAE on the training rows of an Activations artifact; several of them in one pass over the rows. */
import { foreseeWidth } from "../src/activations/known-width.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { trainingMetrics, trainingParams } from "../src/sae/stages/training-params.ts"
import { trainingCode, trainingGroup, trainingCheck, trainingResources } from "../src/sae/stages/training-stage.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Stage from "../src/stage/stage.ts"

const inputs = {
  activations: Stage.one(Activations, "the rows to train on; held-out rows are not touched"),
  init: Stage.optional(
    Sae,
    "an SAE of the same architecture and sizes to go on from: its weights are the first ones, Adam's moments start at zero"
  )
}

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
  check: trainingCheck,
  foresee: foreseeWidth,
  resources: trainingResources,
  runTogether: {
    group: ({ settings, inputs: given }) => trainingGroup(settings, given["activations"]),
    run: Stage.late(
      () => import("../src/sae/stages/train-sae-stage.ts"),
      (module) => module.trainSaeStage
    )
  }
})
