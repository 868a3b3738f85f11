/** Trains a transcoder: one activation reconstructed from another one, of the same tokens. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { Sae } from "../src/artifact/sae.ts"
import { optionProblems } from "../src/sae/option-problems.ts"
import { leastTrainingBytes } from "../src/sae/training-memory.ts"
import { usesK } from "../src/sae/training-options.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training-params.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import type { TrainedSae } from "../src/sae/training-run.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

/** Latents that a SAELens transcoder folder can hold. */
const holdable = ["standard", "p_anneal", "jumprelu", "batch_topk", "matryoshka_batch_topk"]

const inputs = {
  activations: Stage.one(Activations, "what it reads, such as the input of an MLP"),
  target: Stage.one(Activations, "what it has to give, such as the output of that MLP; the same tokens"),
  init: Stage.optional(Sae, "a transcoder of the same architecture and sizes to go on from")
}

const params = {
  ...trainingParams,
  skip: Param.boolean({ default: false, description: "add a linear skip connection from input to output" })
}

type Context = Stage.ContextOf<typeof params, typeof inputs>

const save = Effect.fnUntraced(function* ({ inputs: given, params: asked, output, log }: Context, trained: TrainedSae) {
  const { writeStoredSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
  const [activations, target] = [given.activations.value, given.target.value]
  const { outcome, options, stored } = trained
  log(
    `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}, ` +
      `${outcome.dead_latents} of ${asked.d_sae} latents dead, ${outcome.epochs.toFixed(1)} epochs`
  )
  const metadata = {
    hook_name: activations.hook,
    hook_name_out: target.hook,
    context_size: activations.context_size,
    prepend_bos: activations.contexts.bos_id !== null,
    dataset_path: activations.contexts.source,
    model_name: null,
    training_architecture: asked.architecture
  }
  const info = {
    architecture: `${asked.architecture}${asked.skip ? "_skip" : ""}_transcoder`,
    k: usesK(asked.architecture) ? options.k : null,
    hook: activations.hook,
    model: activations.model,
    activations: activations.digest,
    rows: "activations",
    training: {
      ...options,
      preset: asked.preset,
      init: given.init?.artifact.digest ?? null,
      target: target.digest,
      hook_out: target.hook,
      ...outcome
    }
  }
  yield* writeStoredSae(output, { ...stored, metadata }, info, trained.curve)
  return {
    explained_variance: outcome.explained_variance,
    l0: outcome.l0,
    loss: outcome.loss,
    dead_fraction: outcome.dead_latents / asked.d_sae
  }
})

const train = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { misaligned } = yield* Effect.promise(() => import("../src/sae/aligned-activations.ts"))
  const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
  const { requireTrainingMemory } = yield* Effect.promise(() => import("../src/sae/training-memory.ts"))
  const { trainTogether } = yield* Effect.promise(() => import("../src/sae/train-together.ts"))
  const first = contexts[0] as Context
  const [activations, target] = [first.inputs.activations.value, first.inputs.target.value]
  const wrong = misaligned([activations, target])
  if (wrong !== undefined) return yield* stageFailed(wrong, "Capture both on one text, with one seed.")
  if (activations.train.rows === 0) return yield* stageFailed("there are no training rows", "Capture more text.")
  const members = yield* Effect.forEach(
    contexts,
    Effect.fnUntraced(function* ({ params: asked, inputs: given, progress, checkpoint }) {
      const options = trainingRequest(asked)
      if (typeof options === "string") return yield* stageFailed(options)
      const init = yield* given.init?.value.stored ?? Effect.succeed(undefined)
      return { options, hooks: { progress, checkpoint }, ...(init === undefined ? {} : { init }) }
    })
  )
  const sizes = members.map(({ options }) => ({ ...options, d_in: activations.d_in, d_out: target.d_in }))
  for (const { log } of contexts) yield* requireTrainingMemory(sizes, log)
  const rows = { sources: [yield* loadTrainingRows(activations)], target: yield* loadTrainingRows(target) }
  const trained = yield* trainTogether(rows, members)
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
  resources: (asked) => {
    const options = trainingRequest(asked)
    return typeof options === "string" ? {} : { memory: leastTrainingBytes(options) }
  },
  check: (asked) => {
    if (!holdable.includes(asked.architecture)) {
      const message = `architecture is ${asked.architecture}; a transcoder's can be ${holdable.join(", ")}`
      return [{ param: "architecture", message }]
    }
    const options = trainingRequest(asked)
    return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options, "transcoder")
  },
  run: (context) => Effect.map(train([context]), ([metrics]) => metrics as NonNullable<typeof metrics>),
  runTogether: {
    group: ({ params: asked, inputs: given }) => {
      const options = trainingRequest(asked)
      return typeof options === "string"
        ? undefined
        : JSON.stringify([given["activations"], given["target"], options.batch_rows])
    },
    run: train
  }
})
