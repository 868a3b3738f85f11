/** Trains one SAE on the training rows of an Activations artifact. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { Sae } from "../src/artifact/sae.ts"
import { optionProblems } from "../src/sae/option-problems.ts"
import { usesK } from "../src/sae/training-options.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training-params.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("train-sae", {
  summary: "Trains a sparse autoencoder on activations and saves it as a SAELens folder",
  inputs: { activations: Stage.one(Activations, "the rows to train on; held-out rows are not touched") },
  params: trainingParams,
  output: Sae,
  metrics: trainingMetrics,
  engine: true,
  isolation: "process",
  check: (params) => {
    const options = trainingRequest(params)
    return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options)
  },
  run: ({ inputs, params, output, progress, checkpoint, log }) =>
    Effect.gen(function* () {
      const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
      const { trainSae } = yield* Effect.promise(() => import("../src/sae/train-sae.ts"))
      const { writeStoredSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
      const activations = inputs.activations.value
      if (activations.train.rows === 0) return yield* stageFailed("there are no training rows", "Capture more text.")
      const options = trainingRequest(params)
      if (typeof options === "string") return yield* stageFailed(options)
      if (params.k !== null && !usesK(params.architecture) && params.architecture !== "jumprelu") {
        log(`k is not used: the L0 of ${params.architecture} follows from sparsity_coefficient`)
      }
      const rows = yield* loadTrainingRows(activations)
      const trained = yield* trainSae(rows, options, { progress, checkpoint })
      const { outcome, stored } = trained
      log(
        `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}, ` +
          `${outcome.dead_latents} of ${params.d_sae} latents dead, ${outcome.epochs.toFixed(1)} epochs`
      )
      const metadata = {
        hook_name: activations.hook,
        context_size: activations.context_size,
        prepend_bos: activations.contexts.bos_id !== null,
        dataset_path: activations.contexts.source,
        model_name: null,
        hook_head_index: null,
        training_architecture: params.architecture
      }
      const info = {
        architecture: params.architecture,
        k: options.k,
        hook: activations.hook,
        model: activations.model,
        activations: activations.digest,
        rows: "activations",
        training: { ...trained.options, preset: params.preset, ...outcome }
      }
      yield* writeStoredSae(output, { ...stored, metadata }, info, trained.curve)
      return {
        explained_variance: outcome.explained_variance,
        l0: outcome.l0,
        loss: outcome.loss,
        dead_fraction: outcome.dead_latents / params.d_sae
      }
    })
})
