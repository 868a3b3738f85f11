/** SAE stitching (Leask et al. 2502.04878): what the latents of a large SAE add to a small one, and the path between. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Stitching } from "../src/kinds/stitching.ts"
import { checkSizes } from "../src/analysis/stitching/check-sizes.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("stitch-saes", {
  summary:
    "Measures what each latent of a large SAE adds to a small one, and walks from the small SAE to the large one",
  inputs: {
    small: Stage.one(Sae, "the SAE to start from"),
    large: Stage.one(Sae, "the SAE to end in"),
    activations: Stage.one(Activations, "the activations whose held-out rows the MSE is over"),
    model: Stage.optional(
      LanguageModel,
      "the model that the activations are of; without one, cross-entropies are not measured"
    )
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
    }),
    contexts: Param.integer({
      default: 32,
      minimum: 1,
      unit: "contexts",
      description: "held-out contexts that cross-entropies are over, at most"
    }),
    candidates: Param.integer({
      default: 16,
      minimum: 1,
      unit: "latents",
      description: "latents of the large SAE whose cross-entropy is measured alone, evenly over what they do to the MSE"
    })
  },
  check: checkSizes,
  output: Stitching,
  metrics: {
    novel_fraction: {
      interval: "the latents of the large SAE",
      better: "neither",
      tolerance: 0.03,
      description: "share of the large SAE's latents that lower the small SAE's MSE when added alone"
    },
    proxy_auc: {
      interval: "the latents of the large SAE",
      optional: true,
      better: "higher",
      tolerance: 0.02,
      description: "ROC-AUC of the decoder cosine as a predictor of novel latents, among those that fired"
    },
    threshold: { better: "neither", tolerance: 0.02, description: "cosine threshold of the graph" },
    small_mse: {
      better: "lower",
      tolerance: { relative: 0.005 },
      description: "MSE of the small SAE: where the path starts"
    },
    large_mse: {
      better: "lower",
      tolerance: { relative: 0.005 },
      description: "MSE of the large SAE: where the path ends"
    },
    same_number_share: {
      better: "neither",
      tolerance: 0.01,
      description:
        "share of the large SAE's first latents whose nearest small latent has the same number: a common start"
    },
    same_number_chance: { better: "neither", tolerance: 0, description: "that share where the starts are independent" },
    largest_step_share: {
      optional: true,
      better: "lower",
      tolerance: 0.1,
      description:
        "share of the fall of the MSE that a single step brings: near 1, one giant group hides the path, see the other groupings"
    },
    small_ce: {
      optional: true,
      interval: "held-out contexts",
      better: "lower",
      tolerance: { relative: 0.02 },
      description: "cross-entropy with the small SAE's reconstruction, nats a token"
    },
    large_ce: {
      optional: true,
      interval: "held-out contexts",
      better: "lower",
      tolerance: { relative: 0.02 },
      description: "cross-entropy with the large SAE's reconstruction, nats a token"
    },
    ce_change: {
      optional: true,
      interval: "held-out contexts, the same for both",
      better: "lower",
      tolerance: 0.02,
      description: "cross-entropy with the large SAE less that with the small one, nats a token"
    },
    ce_correlation: {
      optional: true,
      interval: "the sampled latents",
      better: "neither",
      tolerance: 0.2,
      description:
        "rank correlation over latents added alone of the change of the MSE with the change of the cross-entropy"
    },
    steps: { better: "neither", tolerance: { relative: 0.05 }, description: "steps of the path" },
    rising_steps: { better: "lower", tolerance: 40, description: "steps of the path that raise the MSE" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/stitching/stitch-stage.ts"),
    (module) => module.stitchStage
  )
})
