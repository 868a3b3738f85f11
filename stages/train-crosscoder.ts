/** Trains a crosscoder: one dictionary for several layers or models, on the same tokens (Lindsey et al. 2024). */
import * as Effect from "effect/Effect"
import { Activations } from "../src/kinds/activations/activations.ts"
import { CROSSCODER_FILE, type CrosscoderFile } from "../src/kinds/sae/crosscoder-file.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training/training-params.ts"
import type { TrainedSae } from "../src/sae/training/training-run.ts"
import {
  trainedInfo,
  trainedMetrics,
  trainingCode,
  trainingGroup,
  trainingResources,
  trainMembers
} from "../src/sae/training/training-stage.ts"
import type { TrainingOptions } from "../src/sae/training-options.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
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
      "what a penalty, where decoder_norm is free, and the choice of the k largest weigh a latent by: the sum of its norms " +
      "in all sources (crosscoder), or the norm of its whole row (a plain SAE on concatenated activations, the baseline)"
  })
}

type Context = Stage.ContextOf<typeof params, typeof inputs, TrainingOptions>

const save = Effect.fnUntraced(function* (context: Context, trained: TrainedSae) {
  const { ownLatents, sourceShares } = yield* Effect.promise(() => import("../src/analysis/source-norms.ts"))
  const { writeStoredSae } = yield* Effect.promise(() => import("../src/kinds/sae/write-sae.ts"))
  const { params: asked, output, log } = context
  const all = context.inputs.sources.map(({ value }) => value)
  const shares = sourceShares(trained.weights.W_dec, trained.parts)
  const { own, shared } = ownLatents(shares)
  const { k, training } = trainedInfo(context, trained)
  const info = {
    architecture: `${asked.architecture}_crosscoder`,
    k,
    hook: null,
    model: null,
    activations: null,
    rows: "concatenated",
    training: { ...training, penalty: asked.penalty }
  }
  yield* writeStoredSae(output, trained.stored, info, trained.curve)
  const sources = all.map(({ hook, model, digest, d_in }) => ({ hook, model, activations: digest, d_in }))
  yield* output.writeJson(CROSSCODER_FILE, { format: 1, sources, shares, own, shared } satisfies CrosscoderFile)
  const metrics = trainedMetrics(trained, log)
  log([`${shared} latents shared`, ...own.map((n, m) => `${n} of ${all[m]?.hook} alone`)].join(", "))
  return { ...metrics, shared_fraction: shared / asked.d_sae }
})

const train = Effect.fnUntraced(function* (contexts: ReadonlyArray<Context>) {
  const { misaligned } = yield* Effect.promise(() => import("../src/activations/aligned-activations.ts"))
  const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/rows/load-training-rows.ts"))
  const { inputs: given, params: asked } = contexts[0] as Context
  const all = given.sources.map(({ value }) => value)
  if (all.length < 2) return yield* stageFailed(`there are ${all.length} sources`, "Give two or more.")
  const wrong = misaligned(all)
  if (wrong !== undefined) return yield* stageFailed(wrong, "Capture all on one text, with one seed.")
  const d_in = all.reduce((sum, activations) => sum + activations.d_in, 0)
  const whole = asked.penalty === "whole_norm"
  const rows = Effect.map(Effect.forEach(all, loadTrainingRows), (sources) => ({ sources, whole }))
  const trained = yield* trainMembers(contexts, { d_in, d_out: d_in }, rows)
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
  decode: (asked) => trainingRequest(asked, "crosscoder"),
  code: trainingCode,
  resources: trainingResources,
  runTogether: {
    group: ({ params: { penalty }, settings, inputs: given }) => trainingGroup(settings, given["sources"], penalty),
    run: train
  }
})
