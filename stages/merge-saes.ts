/** "Frankenstein" SAEs: one SAE of the latents of several. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("merge-saes", {
  summary: "Makes one SAE of the latents of several: what lowers the error comes in, what costs least leaves",
  inputs: {
    base: Stage.one(Sae, "the SAE to start from"),
    others: Stage.list(Sae, "the SAEs whose latents may come in: larger ones, or other seeds"),
    activations: Stage.one(
      Activations,
      "the activations that all of them read: on their training rows latents are chosen"
    )
  },
  params: {
    size: Param.integer({
      default: null,
      minimum: 1,
      unit: "latents",
      description:
        "latents of the result at most, such as those of a trained SAE beside it; null: all that lower the MSE"
    }),
    rows: Param.integer({
      default: 30_000,
      minimum: 1,
      unit: "rows",
      description: "training rows to use at most (whole batches, spread evenly)"
    })
  },
  output: Sae,
  metrics: {
    d_sae: { better: "neither", tolerance: { relative: 0.05 }, description: "latents of the result" },
    taken_share: {
      better: "neither",
      tolerance: 0.05,
      description: "share of them that are of the others"
    },
    kept_share: { better: "neither", tolerance: 0.05, description: "share of the base SAE's latents that stayed" },
    base_mse: {
      better: "lower",
      tolerance: { relative: 0.005 },
      description: "MSE of the base SAE on these training rows"
    },
    mse: {
      better: "lower",
      tolerance: { relative: 0.01 },
      description:
        "MSE of the result on the rows that it was chosen on: evaluate-sae measures it on held-out ones, with its interval"
    },
    bias_gain: {
      better: "neither",
      tolerance: 0.02,
      description: "share of the MSE that moving b_dec at the end takes away"
    },
    l0: { better: "neither", tolerance: 0.5, description: "active latents a row" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/stitching/merge-stage.ts"),
    (module) => module.mergeStage
  )
})
