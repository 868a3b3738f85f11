/** Trains a crosscoder: one dictionary for several layers or models, on the same tokens (Lindsey et al. 2024). */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { Sae } from "../src/artifact/sae.ts"
import { optionProblems } from "../src/sae/option-problems.ts"
import { trainingMetrics, trainingParams } from "../src/sae/training-params.ts"
import { trainingRequest } from "../src/sae/training-request.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("train-crosscoder", {
  summary:
    "Trains one dictionary for several hooks or models: latents read all of them and write each with a row of its own",
  inputs: { sources: Stage.list(Activations, "activations of the layers or models, of the same tokens") },
  params: {
    ...trainingParams,
    penalty: Param.choice(["sum_of_norms", "whole_norm"], {
      default: "sum_of_norms",
      description:
        "what a penalty weighs a latent by, where decoder_norm is free: the sum of its norms in all sources (crosscoder), or " +
        "the norm of its whole row (a plain SAE on concatenated activations, the baseline)"
    })
  },
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
  check: (params) => {
    const options = trainingRequest(params)
    return typeof options === "string" ? [{ param: "preset", message: options }] : optionProblems(options, "crosscoder")
  },
  run: ({ inputs, params, output, progress, checkpoint, log }) =>
    Effect.gen(function* () {
      const { misaligned } = yield* Effect.promise(() => import("../src/sae/aligned-activations.ts"))
      const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
      const { ownLatents, sourceShares } = yield* Effect.promise(() => import("../src/analysis/source-norms.ts"))
      const { trainSae } = yield* Effect.promise(() => import("../src/sae/train-sae.ts"))
      const { writeStoredSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
      const all = inputs.sources.map(({ value }) => value)
      if (all.length < 2) return yield* stageFailed(`there are ${all.length} sources`, "Give two or more.")
      const wrong = misaligned(all)
      if (wrong !== undefined) return yield* stageFailed(wrong, "Capture all on one text, with one seed.")
      const options = trainingRequest(params)
      if (typeof options === "string") return yield* stageFailed(options)
      const sources = yield* Effect.forEach(all, loadTrainingRows)
      const rows = { sources, whole: params.penalty === "whole_norm" }
      const trained = yield* trainSae(rows, options, { progress, checkpoint })
      const { outcome, weights } = trained
      const shares = sourceShares(weights.W_dec, trained.parts)
      const { own, shared } = ownLatents(shares)
      log(
        `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}, ${shared} latents shared, ` +
          own.map((n, m) => `${n} of ${all[m]?.hook} alone`).join(", ")
      )
      const described = all.map(({ hook, model, digest, d_in }) => ({ hook, model, activations: digest, d_in }))
      const info = {
        architecture: `${params.architecture}_crosscoder`,
        k: options.k,
        hook: null,
        model: null,
        activations: null,
        rows: "concatenated",
        training: { ...trained.options, preset: params.preset, penalty: params.penalty, ...outcome }
      }
      yield* writeStoredSae(output, trained.stored, info, trained.curve)
      yield* output.writeJson("crosscoder.json", { format: 1, sources: described, shares, own, shared })
      return {
        explained_variance: outcome.explained_variance,
        l0: outcome.l0,
        loss: outcome.loss,
        dead_fraction: outcome.dead_latents / params.d_sae,
        shared_fraction: shared / params.d_sae
      }
    })
})
