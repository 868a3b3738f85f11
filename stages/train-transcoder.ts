/** Trains a transcoder: one activation reconstructed from another one, of the same tokens. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { Sae } from "../src/artifact/sae.ts"
import { optionProblems } from "../src/sae/option-problems.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training-params.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

/** Latents that a SAELens transcoder folder can hold. */
const holdable = ["standard", "p_anneal", "jumprelu", "batch_topk", "matryoshka_batch_topk"]

export default Stage.make("train-transcoder", {
  summary: "Trains a transcoder, which computes one activation from another through sparse latents",
  inputs: {
    activations: Stage.one(Activations, "what it reads, such as the input of an MLP"),
    target: Stage.one(Activations, "what it has to give, such as the output of that MLP; the same tokens")
  },
  params: {
    ...trainingParams,
    skip: Param.boolean({ default: false, description: "add a linear skip connection from input to output" })
  },
  output: Sae,
  metrics: trainingMetrics,
  engine: true,
  isolation: "process",
  check: (params) => {
    if (!holdable.includes(params.architecture)) {
      const message = `architecture is ${params.architecture}; a transcoder's can be ${holdable.join(", ")}`
      return [{ param: "architecture", message }]
    }
    const options = trainingRequest(params)
    return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options, "transcoder")
  },
  run: ({ inputs, params, output, progress, checkpoint, log }) =>
    Effect.gen(function* () {
      const { misaligned } = yield* Effect.promise(() => import("../src/sae/aligned-activations.ts"))
      const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
      const { trainSae } = yield* Effect.promise(() => import("../src/sae/train-sae.ts"))
      const { writeStoredSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
      const [activations, target] = [inputs.activations.value, inputs.target.value]
      const wrong = misaligned([activations, target])
      if (wrong !== undefined) return yield* stageFailed(wrong, "Capture both on one text, with one seed.")
      if (activations.train.rows === 0) return yield* stageFailed("there are no training rows", "Capture more text.")
      const options = trainingRequest(params)
      if (typeof options === "string") return yield* stageFailed(options)
      const rows = { sources: [yield* loadTrainingRows(activations)], target: yield* loadTrainingRows(target) }
      const trained = yield* trainSae(rows, options, { progress, checkpoint })
      const { outcome } = trained
      log(
        `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}, ` +
          `${outcome.dead_latents} of ${params.d_sae} latents dead, ${outcome.epochs.toFixed(1)} epochs`
      )
      const metadata = {
        hook_name: activations.hook,
        hook_name_out: target.hook,
        context_size: activations.context_size,
        prepend_bos: activations.contexts.bos_id !== null,
        dataset_path: activations.contexts.source,
        model_name: null,
        training_architecture: params.architecture
      }
      const info = {
        architecture: `${params.architecture}${params.skip ? "_skip" : ""}_transcoder`,
        k: options.k,
        hook: activations.hook,
        model: activations.model,
        activations: activations.digest,
        rows: "activations",
        training: {
          ...trained.options,
          preset: params.preset,
          target: target.digest,
          hook_out: target.hook,
          ...outcome
        }
      }
      yield* writeStoredSae(output, { ...trained.stored, metadata }, info, trained.curve)
      return {
        explained_variance: outcome.explained_variance,
        l0: outcome.l0,
        loss: outcome.loss,
        dead_fraction: outcome.dead_latents / params.d_sae
      }
    })
})
