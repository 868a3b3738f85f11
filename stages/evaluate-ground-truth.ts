/** How well an SAE has found features that are known: those of make-synthetic. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { GroundTruth } from "../src/kinds/ground-truth.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("evaluate-ground-truth", {
  summary:
    "Measures how well an SAE, or a meta-SAE, has found the features of a synthetic world: MCC, uniqueness, F1, recovered share",
  inputs: {
    sae: Stage.one(Sae, "an SAE of these activations; a meta-SAE of one where target is parts"),
    activations: Stage.one(Activations, "activations of make-synthetic")
  },
  params: {
    target: Param.choice(["features", "parts"], {
      default: "features",
      description: "what the latents' directions are compared with; parts: what features are composed of"
    }),
    recovered_cosine: Param.number({
      default: 0.9,
      minimum: 0,
      maximum: 1,
      description: "a feature is recovered where a latent's absolute cosine with it is above this"
    })
  },
  output: GroundTruth,
  metrics: {
    mcc: {
      interval: "the matched pairs",
      better: "higher",
      tolerance: 0.01,
      description:
        "mean absolute cosine of the best one-to-one matching, over as many pairs as there are of the fewer: it does not count features beyond the number of latents"
    },
    f1: {
      interval: "the latents",
      optional: true,
      better: "higher",
      tolerance: 0.01,
      description: "mean over latents of the F1 with which each tells that its best feature fires, on held-out rows"
    },
    recovered: {
      interval: "the features",
      better: "higher",
      tolerance: 0.02,
      description: "share of the features that a latent has, by absolute cosine"
    },
    mean_max_cosine: {
      interval: "the features",
      better: "higher",
      tolerance: 0.01,
      description: "largest absolute cosine of a feature with a latent, mean over features"
    },
    absorption_rate: {
      interval: "held-out rows",
      optional: true,
      better: "lower",
      tolerance: 0.02,
      description:
        "share of the rows with a feature in which its own latent is silent and another one stands in for it, mean over features that have a latent"
    },
    absorption_rate_with_child: {
      interval: "held-out rows",
      optional: true,
      better: "lower",
      tolerance: 0.02,
      description: "the same over rows in which a child of the feature fires too, mean over such features"
    },
    uniqueness: {
      better: "higher",
      tolerance: 0.01,
      description: "distinct best features of latents, over the latents"
    },
    precision: { interval: "the latents", optional: true, better: "higher", tolerance: 0.02, description: "as f1" },
    recall: { interval: "the latents", optional: true, better: "higher", tolerance: 0.02, description: "as f1" },
    dead_latents: {
      interval: "the latents",
      optional: true,
      better: "lower",
      tolerance: 0.01,
      description: "share of the latents that never fire"
    }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/ground-truth/ground-truth-stage.ts"),
    (module) => module.groundTruthStage
  )
})
