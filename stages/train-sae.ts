/** Trains one SAE on the training rows of an Activations artifact; several of them in one pass over the rows. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { Sae } from "../src/artifact/sae.ts"
import { optionProblems } from "../src/sae/option-problems.ts"
import { leastTrainingBytes } from "../src/sae/training-memory.ts"
import { usesK } from "../src/sae/training-options.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training-params.ts"
import type { TrainedSae } from "../src/sae/training-run.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

const inputs = {
  activations: Stage.one(Activations, "the rows to train on; held-out rows are not touched"),
  init: Stage.optional(
    Sae,
    "an SAE of the same architecture and sizes to go on from: its weights are the first ones, Adam's moments start at zero"
  )
}

type Context = Stage.ContextOf<typeof trainingParams, typeof inputs>

const save = Effect.fnUntraced(function* ({ inputs: given, params, output, log }: Context, trained: TrainedSae) {
  const { writeStoredSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
  const { outcome, stored, options } = trained
  const activations = given.activations.value
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
    k: usesK(params.architecture) ? options.k : null,
    hook: activations.hook,
    model: activations.model,
    activations: activations.digest,
    rows: "activations",
    training: { ...options, preset: params.preset, init: given.init?.artifact.digest ?? null, ...outcome }
  }
  yield* writeStoredSae(output, { ...stored, metadata }, info, trained.curve)
  return {
    explained_variance: outcome.explained_variance,
    l0: outcome.l0,
    loss: outcome.loss,
    dead_fraction: outcome.dead_latents / params.d_sae
  }
})

const train = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
  const { trainTogether } = yield* Effect.promise(() => import("../src/sae/train-together.ts"))
  const { requireTrainingMemory } = yield* Effect.promise(() => import("../src/sae/training-memory.ts"))
  const first = contexts[0] as Context
  const activations = first.inputs.activations.value
  if (activations.train.rows === 0) return yield* stageFailed("there are no training rows", "Capture more text.")
  const { d_in } = activations
  const members = yield* Effect.forEach(
    contexts,
    Effect.fnUntraced(function* ({ params, inputs: given, progress, checkpoint, log }) {
      const options = trainingRequest(params)
      if (typeof options === "string") return yield* stageFailed(options)
      if (params.k !== null && !usesK(params.architecture) && params.architecture !== "jumprelu") {
        log(`k is not used: the L0 of ${params.architecture} follows from sparsity_coefficient`)
      }
      const init = yield* given.init?.value.stored ?? Effect.succeed(undefined)
      return { options, hooks: { progress, checkpoint }, ...(init === undefined ? {} : { init }) }
    })
  )
  const sizes = members.map(({ options }) => ({ ...options, d_in, d_out: d_in }))
  for (const { log } of contexts) yield* requireTrainingMemory(sizes, log)
  const rows = yield* loadTrainingRows(activations)
  const trained = yield* trainTogether(rows, members)
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
  resources: (params) => {
    const options = trainingRequest(params)
    return typeof options === "string" ? {} : { memory: leastTrainingBytes(options) }
  },
  check: (params) => {
    const options = trainingRequest(params)
    return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options)
  },
  run: (context) => Effect.map(train([context]), ([metrics]) => metrics as NonNullable<typeof metrics>),
  runTogether: {
    // What is read in one pass are batches of one size; whatever else they differ in, each has its own.
    group: ({ params, inputs: given }) => {
      const options = trainingRequest(params)
      return typeof options === "string" ? undefined : `${given["activations"]} ${options.batch_rows}`
    },
    run: train
  }
})
