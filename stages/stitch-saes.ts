/** SAE stitching (Leask et al. 2502.04878): what the latents of a large SAE add to a small one, and the path between. */
import * as Effect from "effect/Effect"
import { Activations, type RowSet } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Stitching, stitchingFileName } from "../src/kinds/stitching.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

/** Batches spread evenly over a set, enough of them for so many rows. */
const spread = (set: RowSet, rows: number) => {
  const batches = Math.min(set.batches, Math.ceil(rows / set.batch_rows))
  return {
    batches,
    read: (index: number) =>
      Effect.map(set.readBatch(Math.floor((index * set.batches) / batches)), (batch) => batch.activation)
  }
}

export default Stage.make("stitch-saes", {
  summary:
    "Measures what each latent of a large SAE adds to a small one, and walks from the small SAE to the large one",
  inputs: {
    small: Stage.one(Sae, "the SAE to start from"),
    large: Stage.one(Sae, "the SAE to end in"),
    activations: Stage.one(Activations, "the activations whose held-out rows the MSE is over")
  },
  params: {
    rows: Param.integer({
      default: 30_000,
      minimum: 1,
      description: "held-out rows to use at most (whole batches, spread evenly)",
      unit: "rows"
    }),
    threshold_from: Param.choice(["youden", "fixed"], {
      default: "youden",
      description: "threshold of the cosine graph: where the proxy separates best, or the fixed one"
    }),
    fixed_threshold: Param.number({ default: 0.7, minimum: -1, maximum: 1, description: "the fixed cosine threshold" }),
    unmatched: Param.choice(["nearest", "alone"], {
      default: "nearest",
      description: "small latents that no large latent resembles: swapped with the nearest one, or removed alone"
    }),
    b_dec: Param.choice(["best", "last_step", "interpolate"], {
      default: "best",
      description:
        "when b_dec goes from the small SAE's to the large one's: where each step makes the MSE smallest, in the last step, or in proportion"
    })
  },
  output: Stitching,
  metrics: {
    novel_fraction: {
      better: "neither",
      tolerance: 0.01,
      description: "share of the large SAE's latents that lower the small SAE's MSE when added alone"
    },
    proxy_auc: {
      better: "higher",
      tolerance: 0.01,
      description: "ROC-AUC of the decoder cosine as a predictor of novel latents, among those that fired"
    },
    threshold: { better: "neither", tolerance: 0.02, description: "cosine threshold of the graph" },
    small_mse: { better: "lower", tolerance: 1e-3, description: "MSE of the small SAE: where the path starts" },
    large_mse: { better: "lower", tolerance: 1e-3, description: "MSE of the large SAE: where the path ends" },
    same_number_share: {
      better: "neither",
      tolerance: 0.01,
      description:
        "share of the large SAE's first latents whose nearest small latent has the same number: a common start"
    },
    same_number_chance: { better: "neither", tolerance: 0, description: "that share where the starts are independent" },
    steps: { better: "neither", tolerance: 20, description: "steps of the path" },
    rising_steps: { better: "lower", tolerance: 10, description: "steps of the path that raise the MSE" }
  },
  engine: true,
  isolation: "process",
  run: ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { openActivations } = yield* Effect.promise(() => import("../src/activations/open-activations.ts"))
      const { stitchSaes } = yield* Effect.promise(() => import("../src/analysis/stitching/stitch-saes.ts"))
      const [small, large, activations] = [inputs.small.value, inputs.large.value, inputs.activations.value]
      for (const [name, sae] of [
        ["small", small],
        ["large", large]
      ] as const) {
        if (sae.d_in !== activations.d_in) {
          return yield* stageFailed(
            `the ${name} SAE reads rows of ${sae.d_in} numbers, the activations have ${activations.d_in}`,
            `Give activations of the hook that the SAE was trained on (${sae.hook ?? "unknown"}).`
          )
        }
        if (sae.hook !== null && sae.hook !== activations.hook) {
          return yield* stageFailed(
            `the ${name} SAE was trained at ${sae.hook}, the activations are those of ${activations.hook}`,
            "Stitch SAEs of one hook, on activations of that hook."
          )
        }
      }
      if (activations.held_out.rows === 0) return yield* stageFailed("the activations have no held-out rows")
      const { train, held_out: heldOut } = yield* openActivations(activations)
      const { file, warning } = yield* stitchSaes(
        { small: yield* small.weights, large: yield* large.weights },
        spread(heldOut, params.rows),
        spread(train, params.rows),
        params,
        (unit, done, total) => progress({ unit, done, total })
      )
      const { counts, options } = file
      if (warning !== undefined) log(`warning: ${warning}`)
      log(
        `${counts.novel} of ${large.d_sae} latents are novel; path of ${counts.insertions} insertions, ${counts.swaps} ` +
          `swaps and ${counts.rest} others at cosine ${options.threshold.toFixed(3)}; ${counts.rising_steps} steps raise the MSE`
      )
      yield* output.writeJson(stitchingFileName, file)
      return {
        novel_fraction: counts.novel / large.d_sae,
        proxy_auc: file.proxy.auc,
        threshold: options.threshold,
        small_mse: file.small.mse,
        large_mse: file.large.mse,
        same_number_share: file.same_number_share,
        same_number_chance: file.same_number_chance,
        small_ev: file.small.ev,
        large_ev: file.large.ev,
        steps: file.path.length - 1,
        rising_steps: counts.rising_steps,
        components: counts.components,
        largest_component: counts.largest_component
      }
    })
})
