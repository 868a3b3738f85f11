/** Trains a transcoder: one activation reconstructed from another one, of the same tokens. */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { architectures } from "../src/sae/architectures.ts"
import { skipOption } from "../src/sae/settings/shared-options.ts"
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
import { stageFailed } from "../src/stage/stage-failed.ts"

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

type Context = Stage.ContextOf<typeof params, typeof inputs, TrainingOptions>

const save = Effect.fnUntraced(function* (context: Context, trained: TrainedSae) {
  const { writeStoredSae } = yield* Effect.promise(() => import("../src/kinds/sae/write-sae.ts"))
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

const train = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { misaligned } = yield* Effect.promise(() => import("../src/activations/aligned-activations.ts"))
  const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/rows/load-training-rows.ts"))
  const { inputs: given } = contexts[0] as Context
  const [activations, target] = [given.activations.value, given.target.value]
  const wrong = misaligned([activations, target])
  if (wrong !== undefined) return yield* stageFailed(wrong, "Capture both on one text, with one seed.")
  const rows = Effect.gen(function* () {
    return { sources: [yield* loadTrainingRows(activations)], target: yield* loadTrainingRows(target) }
  })
  const trained = yield* trainMembers(contexts, { d_in: activations.d_in, d_out: target.d_in }, rows)
  return yield* Effect.forEach(contexts, (context, i) => save(context, trained[i] as TrainedSae))
})

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
  resources: trainingResources,
  runTogether: {
    group: ({ settings, inputs: given }) => trainingGroup(settings, given["activations"], given["target"]),
    run: train
  }
})
