/** SAEs compared with each other: seeds, widths, layers or trainers. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Comparison } from "../src/kinds/comparison.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overSeeds = "the latents of two SAEs; of several, their seeds, of which three are needed (pairs share seeds)"

export default Stage.make("compare-saes", {
  summary:
    "Compares SAEs with each other: decoder cosines, one-to-one matching, correlation of activations, splitting, dead and dense latents",
  inputs: {
    saes: Stage.list(Sae, "SAEs whose rows have one width: of one alone only what it is by itself is told"),
    activations: Stage.optionalList(
      Activations,
      "what they read: one for all, or one for each in their order, of the same tokens; none: directions alone are compared"
    )
  },
  params: {
    rows: Param.integer({
      default: 20_000,
      minimum: 100,
      unit: "rows",
      description: "held-out rows that activations are correlated on, at most: the first of the set"
    }),
    split_cosine: Param.number({
      default: 0.7,
      minimum: -1,
      maximum: 1,
      description: "a latent of the larger SAE is part of the nearest one of the smaller above this cosine"
    }),
    matched_latents: Param.integer({
      default: 2048,
      minimum: 2,
      unit: "latents",
      description: "SAEs of one size are matched one to one up to this number of latents: the time grows with its cube"
    }),
    projection_n: Param.integer({
      default: null,
      minimum: 1,
      unit: "latents",
      description: "n of the nth decoder projection; null: half of the latents. It compares SAEs of one width"
    }),
    seed: Param.integer({ default: 0, description: "seed of the random directions that are the control" })
  },
  decode: (params, { saes }) =>
    Stage.decoded(
      params,
      saes === 0 ? [{ param: "saes", problem: "there is none to compare", remedy: "give two or more" }] : []
    ),
  output: Comparison,
  metrics: {
    mean_max_cosine: {
      optional: true,
      interval: overSeeds,
      better: "neither",
      tolerance: 0.01,
      description:
        "largest decoder cosine of a latent with one of the other SAE, mean over the smaller one's latents and pairs"
    },
    random_max_cosine: {
      interval: overSeeds,
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "the same with as many random directions in place of the other SAE: the control"
    },
    pw_mcc: {
      interval: overSeeds,
      optional: true,
      better: "higher",
      tolerance: 0.01,
      description:
        "mean absolute cosine of the best one-to-one matching of SAEs of one size (PW-MCC, Song et al. 2505.20254), mean over pairs"
    },
    activation_correlation: {
      interval: overSeeds,
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description:
        "largest correlation of a latent's activations with one of the other SAE, median over live latents, mean over pairs"
    },
    split_share: {
      interval: overSeeds,
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "share of the smaller SAE's latents that several of the larger one are parts of, mean over pairs"
    },
    new_share: {
      interval: overSeeds,
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "share of the larger SAE's latents that are part of none of the smaller one's, mean over pairs"
    },
    pairs: { better: "neither", tolerance: 0, description: "pairs of SAEs" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/comparison/compare-stage.ts"),
    (module) => module.compareStage
  )
})
