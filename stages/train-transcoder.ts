/** Trains a transcoder: one activation reconstructed from another one, of the same tokens. */
import * as Result from "effect/Result"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { architectures } from "../src/sae/architectures.ts"
import { skipOption } from "../src/sae/settings/shared-options.ts"
import { trainingMetrics, trainingParams } from "../src/sae/stages/training-params.ts"
import { trainingCode, trainingGroup, trainingCheck, trainingResources } from "../src/sae/stages/training-stage.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Stage from "../src/stage/stage.ts"

/** Latents that a SAELens transcoder folder can hold. */
const holdable = ["relu", "jumprelu", "batch_topk"]

const canBe = [...architectures.values()]
  .filter(({ latentType }) => holdable.includes(latentType))
  .map(({ name }) => name)

const inputs = {
  activations: Stage.one(Activations, "what it reads, such as the input of an MLP"),
  target: Stage.one(Activations, "what it has to give, such as the output of that MLP; the same tokens"),
  init: Stage.optional(Sae, "a transcoder of the same architecture and sizes to go on from")
}

const params = { ...trainingParams, skip: skipOption }

export default Stage.make("train-transcoder", {
  summary: "Trains a transcoder, which computes one activation from another through sparse latents",
  inputs,
  params,
  output: Sae,
  metrics: trainingMetrics,
  engine: true,
  isolation: "process",
  decode: (asked) => {
    if (canBe.includes(asked.architecture)) return trainingRequest(asked, "transcoder")
    const problem = `architecture is ${asked.architecture}; a transcoder's can be ${canBe.join(", ")}`
    return Result.fail([{ param: "architecture", problem }])
  },
  code: trainingCode,
  check: trainingCheck,
  resources: trainingResources,
  runTogether: {
    group: ({ settings, inputs: given }) => trainingGroup(settings, given["activations"], given["target"]),
    run: Stage.late(
      () => import("../src/sae/stages/train-transcoder-stage.ts"),
      (module) => module.trainTranscoderStage
    )
  }
})
