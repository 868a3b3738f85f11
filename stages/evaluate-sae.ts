/** How well an SAE does on rows that it was not trained on, and what it costs the model. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import type { Metrics } from "../src/artifact/artifact.ts"
import * as Param from "../src/stage/param.ts"
import { denseAbove, densityFigures, densityMetrics } from "../src/sae/evaluate/density-figures.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("evaluate-sae", {
  summary: "Measures an SAE on held-out rows: sparsity, explained variance, cross-entropy recovered, dead latents",
  inputs: {
    sae: Stage.one(Sae, "the SAE to evaluate"),
    activations: Stage.one(Activations, "activations of the SAE's hook; only held-out rows are used"),
    target: Stage.optional(Activations, "of a transcoder: what it has to give; the same tokens"),
    model: Stage.optional(
      LanguageModel,
      "the model that the activations are of; without one, cross-entropies are left out"
    )
  },
  params: {
    contexts: Param.integer({
      default: 128,
      minimum: 1,
      description: "held-out contexts that cross-entropies are over, at most",
      unit: "contexts"
    }),
    kl: Param.boolean({ default: false, description: "also the KL divergence from the model as it is" }),
    dense_above: denseAbove
  },
  output: Evaluation,
  metrics: {
    l0: { better: "lower", tolerance: 0.5, description: "latents that fire on a row, mean" },
    explained_variance: {
      better: "higher",
      tolerance: 0.005,
      description: "1 - E|x - x_hat|^2 / E|x - E x|^2 over all held-out rows"
    },
    explained_variance_legacy: {
      better: "higher",
      tolerance: 0.005,
      description: "mean over rows of 1 - |x - x_hat|^2 / |x - batch mean|^2, as older tools print it"
    },
    mse: { better: "lower", tolerance: 0.05, description: "E|x - x_hat|^2, summed over the numbers of a row" },
    cosine: { better: "higher", tolerance: 0.005, description: "mean cosine of x and x_hat" },
    ce_clean: { better: "lower", tolerance: 0.01, description: "cross-entropy of the model as it is" },
    ce_sae: { better: "lower", tolerance: 0.02, description: "cross-entropy with the reconstruction in place" },
    ce_zero: { better: "neither", tolerance: 0.02, description: "cross-entropy with zeros in place" },
    ce_recovered: {
      better: "higher",
      tolerance: 0.005,
      description: "(CE_zero - CE_sae) / (CE_zero - CE_clean)"
    },
    ...densityMetrics
  },
  engine: true,
  isolation: "process",
  run: ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { openActivations } = yield* Effect.promise(() => import("../src/activations/open-activations.ts"))
      const { misaligned } = yield* Effect.promise(() => import("../src/activations/aligned-activations.ts"))
      const { evaluateCrossEntropy } = yield* Effect.promise(
        () => import("../src/sae/evaluate/evaluate-cross-entropy.ts")
      )
      const { evaluateReconstruction } = yield* Effect.promise(
        () => import("../src/sae/evaluate/evaluate-reconstruction.ts")
      )
      const { evaluationContexts } = yield* Effect.promise(() => import("../src/sae/evaluate/evaluation-contexts.ts"))
      const { loadModel } = yield* Effect.promise(() => import("../src/model/load-model.ts"))
      const { makeSaeModel } = yield* Effect.promise(() => import("../src/sae/sae-model.ts"))
      const { writeEvaluation } = yield* Effect.promise(() => import("../src/kinds/evaluation/write-evaluation.ts"))
      const [sae, activations] = [inputs.sae.value, inputs.activations.value]

      if (sae.d_in !== activations.d_in) {
        return yield* stageFailed(
          `the SAE reads rows of ${sae.d_in} numbers, the activations have ${activations.d_in}`,
          `Give activations of the hook that the SAE was trained on (${sae.hook ?? "unknown"}).`
        )
      }
      if (sae.hook !== null && sae.hook !== activations.hook) {
        return yield* stageFailed(
          `the SAE was trained at ${sae.hook}, the activations are of ${activations.hook}`,
          "Give activations of the SAE's hook."
        )
      }
      const target = inputs.target?.value
      if ((sae.d_out === null) !== (target === undefined)) {
        return yield* target === undefined
          ? stageFailed(
              "the SAE is a transcoder, whose output is another activation than its input",
              "Give its target."
            )
          : stageFailed("the SAE is no transcoder: what it has to give is what it reads", "Leave target out.")
      }
      if (target !== undefined) {
        const wrong = misaligned([activations, target])
        if (wrong !== undefined) return yield* stageFailed(wrong, "Capture both on one text, with one seed.")
        const trained = sae.training?.["hook_out"]
        if (trained !== undefined && trained !== target.hook) {
          return yield* stageFailed(
            `the transcoder was trained to give ${String(trained)}, the target is of ${target.hook}`,
            "Give activations of the hook that it was trained to give."
          )
        }
        if (sae.d_out !== target.d_in) {
          return yield* stageFailed(
            `the transcoder gives rows of ${sae.d_out} numbers, the target has ${target.d_in}`,
            "Give activations of the hook that it was trained to give."
          )
        }
      }
      const given = inputs.model
      if (given === undefined) log("no model is given: cross-entropies are left out")
      else if (activations.model !== given.artifact.digest) {
        return yield* stageFailed(
          "the activations are of another model than the one given",
          "Give the model that the activations were captured from."
        )
      }
      if (activations.held_out.rows === 0) {
        return yield* stageFailed("no rows are held out", "Capture with a greater held_out_fraction, or more text.")
      }
      if (sae.activations !== activations.digest) {
        log("the SAE was trained on other activations: that these rows were not among them is not known")
      }

      const { contexts, whole, targets } =
        given === undefined
          ? { contexts: [], whole: 0, targets: 0 }
          : yield* evaluationContexts(activations, params.contexts)
      if (given !== undefined && targets === 0) {
        return yield* stageFailed("no held-out context has a token to predict", "Capture more text.")
      }
      const model =
        given === undefined
          ? undefined
          : yield* loadModel(given.value).pipe(
              Effect.mapError((error) => (error._tag === "ModelError" ? stageFailed(error.message) : error))
            )
      const weights = yield* sae.anyWeights
      const tensors = yield* Effect.acquireRelease(
        Effect.sync(() => makeSaeModel(weights)),
        (made) => Effect.sync(() => made.dispose())
      )
      const total = activations.held_out.rows + targets
      const rowsDone = (done: number) => progress({ done, total, unit: "rows" })
      const {
        latents,
        parts: _,
        ...reconstruction
      } = yield* evaluateReconstruction(tensors, (yield* openActivations(activations)).held_out, {
        target: target === undefined ? undefined : (yield* openActivations(target)).held_out,
        onRows: rowsDone
      })
      if (Number.isNaN(reconstruction.explained_variance)) {
        return yield* stageFailed("the held-out rows are all the same, so explained variance is undefined")
      }
      const to = (target ?? activations).hook
      const crossEntropy =
        model === undefined
          ? undefined
          : yield* evaluateCrossEntropy(model, tensors, { from: activations.hook, to }, contexts, {
              kl: params.kl,
              onContexts: (done) => rowsDone(reconstruction.rows + Math.floor((targets * done) / contexts.length))
            })
      const { kl_sae, kl_zero, ...ce } = crossEntropy ?? {}
      const density = densityFigures(latents.density, params.dense_above)
      const { rows, ...figures } = reconstruction
      const metrics = {
        ...figures,
        ...ce,
        ...(kl_sae === undefined || kl_zero === undefined ? {} : { kl_sae, kl_zero }),
        ...density.metrics
      }
      yield* writeEvaluation(
        output,
        {
          sae: sae.digest,
          activations: activations.digest,
          model: activations.model,
          hook: activations.hook,
          ...(target === undefined ? {} : { hook_out: target.hook }),
          d_in: sae.d_in,
          d_sae: sae.d_sae,
          rows,
          contexts: { count: contexts.length, whole, targets },
          metrics,
          ...density.info
        },
        latents
      )
      // Without a model there are none of cross-entropies.
      return metrics as Metrics &
        Record<"ce_clean" | "ce_sae" | "ce_zero" | "ce_recovered", number> &
        typeof reconstruction & {
          readonly dead_fraction: number
          readonly dense_fraction: number
        }
    })
})
