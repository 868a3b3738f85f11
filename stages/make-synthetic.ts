/** Rows of a world whose features are known: whether an SAE finds them can be measured (SynthSAEBench, 2602.14687). */
import { Activations } from "../src/kinds/activations/activations.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("make-synthetic", {
  summary:
    "Makes activations as sparse sums of known feature directions: superposition, hierarchies, correlations, compositions",
  inputs: {},
  params: {
    features: Param.integer({
      default: 1024,
      minimum: 1,
      unit: "features",
      description: "directions; with parts, their compositions instead"
    }),
    d_in: Param.integer({ default: 128, minimum: 1, description: "numbers in a row" }),
    rows: Param.integer({
      default: 200_000,
      minimum: 10,
      unit: "rows",
      description: "rows, held-out ones among them; all are in memory"
    }),
    parts: Param.list(Param.integer({ minimum: 1, description: "parts of a group" }), {
      default: [],
      description:
        "sizes of groups of parts: each feature is one part of every group, its direction their unit sum. []: none"
    }),
    probabilities: Param.list(Param.number({ minimum: 1e-6, maximum: 1, description: "of a feature" }), {
      default: [],
      description:
        "how often each feature fires, parents included; their number is that of the features. []: as the next three say"
    }),
    zipf_exponent: Param.number({
      default: 0.5,
      minimum: 0.01,
      description: "features fire as 1 / rank^exponent, from max to min_probability"
    }),
    max_probability: Param.number({ default: 0.1, minimum: 1e-6, maximum: 1, description: "of the first feature" }),
    min_probability: Param.number({ default: 0.002, minimum: 1e-6, maximum: 1, description: "of the last feature" }),
    roots: Param.integer({
      default: 0,
      minimum: 0,
      unit: "features",
      description: "features with children, that fire only with them; 0: no hierarchy"
    }),
    branching: Param.integer({ default: 4, minimum: 1, unit: "features", description: "children of a feature" }),
    depth: Param.integer({ default: 3, minimum: 0, description: "levels below the roots" }),
    exclusive: Param.boolean({ default: true, description: "of a feature's children one at most fires" }),
    correlation_rank: Param.integer({
      default: 0,
      minimum: 0,
      description: "rank of the Gaussian copula that correlates features; 0: independent"
    }),
    correlation_scale: Param.number({ default: 0.1, minimum: 0, description: "deviation of its loadings" }),
    first_magnitude: Param.number({
      default: 1,
      minimum: 0,
      description: "mean magnitude of the first feature where it fires"
    }),
    last_magnitude: Param.number({ default: 1, minimum: 0, description: "of the last; linear between" }),
    deviation_mean: Param.number({
      default: 0.15,
      minimum: 0,
      description: "a feature's deviation of magnitudes is |N(mean, spread^2)|: the mean"
    }),
    deviation_spread: Param.number({ default: 0, minimum: 0, description: "and the spread" }),
    orthogonal_steps: Param.integer({
      default: 100,
      minimum: 0,
      unit: "steps",
      description: "of descent that move the directions apart"
    }),
    orthogonal_lr: Param.number({ default: 3e-3, minimum: 0, description: "their rate" }),
    absent: Param.number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description:
        "share of the features, drawn at random, that this world lacks; others with one seed differ in nothing else"
    }),
    weak: Param.number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: "share that it has weaker than other worlds with its seed"
    }),
    weak_factor: Param.number({ default: 0.2, minimum: 0, description: "of their magnitudes" }),
    bias: Param.number({ default: 0.5, minimum: 0, description: "norm of what is added to every row" }),
    held_out_fraction: Param.number({
      default: 0.1,
      minimum: 0.001,
      maximum: 0.9,
      description: "share of the rows held out, at random"
    }),
    seed: Param.integer({ default: 42, description: "of everything that is drawn" })
  },
  decode: (params) =>
    Stage.decoded(params, [
      ...(params.min_probability < params.max_probability
        ? []
        : [{ param: "min_probability", problem: "min_probability is not below max_probability", remedy: "lower it" }]),
      ...(params.probabilities.length > 0 && params.parts.length > 0
        ? [
            {
              param: "probabilities",
              problem: "probabilities are of features, and parts compose these",
              remedy: "give one of the two"
            }
          ]
        : []),
      ...(params.absent + params.weak > 1
        ? [{ param: "weak", problem: "absent and weak are more than all features together", remedy: "lower one" }]
        : []),
      ...(params.parts.length === 1
        ? [{ param: "parts", problem: "one group of parts composes nothing", remedy: "give two groups or more" }]
        : [])
    ]),
  output: Activations,
  metrics: {
    true_l0: { better: "neither", tolerance: 0, description: "features that fire in a row, mean" },
    features: { better: "neither", tolerance: 0, description: "features" },
    rows: { better: "neither", tolerance: 0, description: "rows stored" },
    held_out_rows: { better: "neither", tolerance: 0, description: "rows held out" },
    d_in: { better: "neither", tolerance: 0, description: "numbers in a row" },
    mean_norm: { better: "neither", tolerance: 1e-3, description: "sqrt(mean |x|^2) over all rows" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/synthetic/synthetic-stage.ts"),
    (module) => module.syntheticStage
  )
})
