/** Trains a crosscoder: one dictionary for several layers or models, on the same tokens (Lindsey et al. 2024). */
import * as Result from "effect/Result"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { trainingMetrics, trainingParams } from "../src/sae/stages/training-params.ts"
import { trainingCode, trainingGroup, trainingCheck, trainingResources } from "../src/sae/stages/training-stage.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const inputs = {
  sources: Stage.list(Activations, "activations of the layers or models, of the same tokens"),
  init: Stage.optional(Sae, "a crosscoder of the same architecture and sizes to go on from")
}

const params = {
  ...trainingParams,
  penalty: Param.choice(["sum_of_norms", "whole_norm"], {
    default: "sum_of_norms",
    description:
      "what a penalty, where decoder_norm is free, and the choice of the k largest weigh a latent by: the sum of its norms " +
      "in all sources (crosscoder), or the norm of its whole row (a plain SAE on concatenated activations, the baseline)"
  })
}

export default Stage.make("train-crosscoder", {
  summary:
    "Trains one dictionary for several hooks or models: latents read all of them and write each with a row of its own",
  inputs,
  params,
  output: Sae,
  metrics: {
    ...trainingMetrics,
    shared_fraction: {
      better: "neither",
      tolerance: 0.02,
      description: "share of the latents of whose decoder norm no source has more than seven tenths"
    }
  },
  engine: true,
  isolation: "process",
  decode: (asked, { sources }) =>
    sources < 2
      ? Result.fail([{ param: "sources", problem: `there are ${sources} sources`, remedy: "give two or more" }])
      : trainingRequest(asked, "crosscoder"),
  code: trainingCode,
  check: trainingCheck,
  resources: trainingResources,
  runTogether: {
    group: ({ params: { penalty }, settings, inputs: given }) => trainingGroup(settings, given["sources"], penalty),
    run: Stage.late(
      () => import("../src/sae/stages/train-crosscoder-stage.ts"),
      (module) => module.trainCrosscoderStage
    )
  }
})
