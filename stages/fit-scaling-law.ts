/** Loss of SAEs by their width, their training steps or their compute, as a power law with its interval. */
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { Figures } from "../src/kinds/figures.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overSaes = "the SAEs of that x, by Student's t: two at least"

export default Stage.make("fit-scaling-law", {
  summary:
    "Fits a power law to a metric of SAEs over their width, training steps or compute, with its interval over the SAEs",
  inputs: {
    saes: Stage.list(Sae, "SAEs of one hook"),
    evaluations: Stage.list(Evaluation, "their evaluations on the same held-out rows")
  },
  params: {
    over: Param.choice(["d_sae", "steps", "compute"], {
      default: "d_sae",
      description:
        "what the law is in; compute: 12 d_in d_sae floating-point operations a training row, as if all products were dense"
    }),
    metric: Param.string({ default: "mse", description: "which metric of the evaluations: one that falls, above 0" }),
    floor: Param.boolean({ default: true, description: "whether the metric is let to fall to a floor above 0" }),
    frontier: Param.boolean({
      default: false,
      description: "whether the law is only of those SAEs that no cheaper one is as good as"
    }),
    seed: Param.integer({ default: 0, description: "of the interval" })
  },
  output: Figures,
  metrics: {
    exponent: {
      interval: "the SAEs",
      better: "neither",
      tolerance: 0.1,
      description: "b of floor + scale x^-b, by relative least squares"
    },
    floor: {
      interval: "the SAEs",
      better: "neither",
      tolerance: { relative: 0.3 },
      description: "what the metric falls to"
    },
    residual: { better: "lower", tolerance: 0.05, description: "root mean square of the relative residuals" },
    extrapolation_error: {
      optional: true,
      better: "lower",
      tolerance: 0.1,
      description: "relative error at the largest x of the law fitted without it: the law's test"
    },
    dead_smallest: {
      interval: overSaes,
      better: "neither",
      tolerance: 0.1,
      description: "share of the latents that fire on no held-out row, mean over the smallest x"
    },
    dead_largest: {
      interval: overSaes,
      better: "neither",
      tolerance: 0.1,
      description: "the same at the largest x"
    },
    points: { better: "neither", tolerance: 0, description: "SAEs that the law is of" }
  },
  headline: ["exponent", "floor", "extrapolation_error"],
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/analysis/scaling/scaling-stage.ts"),
    (module) => module.scalingStage
  )
})
