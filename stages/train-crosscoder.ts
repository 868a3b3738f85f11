/** Trains a crosscoder: one dictionary for several layers or models, on the same tokens (Lindsey et al. 2024). */
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

const inputs = {
  sources: Stage.list(Activations, "activations of the layers or models, of the same tokens"),
  init: Stage.optional(Sae, "a crosscoder of the same architecture and sizes to go on from")
}

const params = {
  ...trainingParams,
  penalty: Param.choice(["sum_of_norms", "whole_norm"], {
    default: "sum_of_norms",
    description:
      "what a penalty weighs a latent by, where decoder_norm is free: the sum of its norms in all sources (crosscoder), or " +
      "the norm of its whole row (a plain SAE on concatenated activations, the baseline)"
  })
}

type Context = Stage.ContextOf<typeof params, typeof inputs>

const save = Effect.fnUntraced(function* ({ inputs: given, params: asked, output, log }: Context, trained: TrainedSae) {
  const { ownLatents, sourceShares } = yield* Effect.promise(() => import("../src/analysis/source-norms.ts"))
  const { writeStoredSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
  const all = given.sources.map(({ value }) => value)
  const { outcome, options, weights } = trained
  const shares = sourceShares(weights.W_dec, trained.parts)
  const { own, shared } = ownLatents(shares)
  log(
    `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}, ${shared} latents shared, ` +
      own.map((n, m) => `${n} of ${all[m]?.hook} alone`).join(", ")
  )
  const described = all.map(({ hook, model, digest, d_in }) => ({ hook, model, activations: digest, d_in }))
  const info = {
    architecture: `${asked.architecture}_crosscoder`,
    k: usesK(asked.architecture) ? options.k : null,
    hook: null,
    model: null,
    activations: null,
    rows: "concatenated",
    training: {
      ...options,
      preset: asked.preset,
      penalty: asked.penalty,
      init: given.init?.artifact.digest ?? null,
      ...outcome
    }
  }
  yield* writeStoredSae(output, trained.stored, info, trained.curve)
  yield* output.writeJson("crosscoder.json", { format: 1, sources: described, shares, own, shared })
  return {
    explained_variance: outcome.explained_variance,
    l0: outcome.l0,
    loss: outcome.loss,
    dead_fraction: outcome.dead_latents / asked.d_sae,
    shared_fraction: shared / asked.d_sae
  }
})

const train = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { misaligned } = yield* Effect.promise(() => import("../src/sae/aligned-activations.ts"))
  const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
  const { requireTrainingMemory } = yield* Effect.promise(() => import("../src/sae/training-memory.ts"))
  const { trainTogether } = yield* Effect.promise(() => import("../src/sae/train-together.ts"))
  const first = contexts[0] as Context
  const all = first.inputs.sources.map(({ value }) => value)
  if (all.length < 2) return yield* stageFailed(`there are ${all.length} sources`, "Give two or more.")
  const wrong = misaligned(all)
  if (wrong !== undefined) return yield* stageFailed(wrong, "Capture all on one text, with one seed.")
  const d_in = all.reduce((sum, activations) => sum + activations.d_in, 0)
  const members = yield* Effect.forEach(
    contexts,
    Effect.fnUntraced(function* ({ params: asked, inputs: given, progress, checkpoint }) {
      const options = trainingRequest(asked)
      if (typeof options === "string") return yield* stageFailed(options)
      const init = yield* given.init?.value.stored ?? Effect.succeed(undefined)
      return { options, hooks: { progress, checkpoint }, ...(init === undefined ? {} : { init }) }
    })
  )
  const sizes = members.map(({ options }) => ({ ...options, d_in, d_out: d_in }))
  for (const { log } of contexts) yield* requireTrainingMemory(sizes, log)
  const sources = yield* Effect.forEach(all, loadTrainingRows)
  const trained = yield* trainTogether({ sources, whole: first.params.penalty === "whole_norm" }, members)
  return yield* Effect.forEach(contexts, (context, i) => save(context, trained[i] as TrainedSae))
})

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
  resources: (asked) => {
    const options = trainingRequest(asked)
    return typeof options === "string" ? {} : { memory: leastTrainingBytes(options) }
  },
  check: (asked) => {
    const options = trainingRequest(asked)
    return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options, "crosscoder")
  },
  run: (context) => Effect.map(train([context]), ([metrics]) => metrics as NonNullable<typeof metrics>),
  runTogether: {
    group: ({ params: asked, inputs: given }) => {
      const options = trainingRequest(asked)
      return typeof options === "string"
        ? undefined
        : JSON.stringify([given["sources"], options.batch_rows, asked.penalty])
    },
    run: train
  }
})
