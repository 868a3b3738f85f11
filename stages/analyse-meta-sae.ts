/** What the meta-latents of an SAE are: parts of its latents, latents of a smaller SAE, or directions like any others. */
import { MetaAnalysis } from "../src/kinds/meta-analysis.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overMeta = "the live meta-latents"
const overLatents = "the latents of the SAE"

export default Stage.make("analyse-meta-sae", {
  summary:
    "Tells what meta-latents are: parts of each latent, matches with a smaller SAE beside random directions, and the graph of latents that share them",
  inputs: {
    sae: Stage.one(Sae, "the SAE whose decoder was decomposed"),
    meta: Stage.one(Sae, "its meta-SAE"),
    smaller: Stage.one(
      Sae,
      "a smaller SAE of the same activations; one with as many latents as the meta-SAE is what an SAE of its size finds by itself"
    )
  },
  params: {
    matched_above: Param.number({
      default: 0.7,
      minimum: -1,
      maximum: 1,
      description: "a meta-latent with a cosine above it is a latent of the smaller SAE"
    }),
    neighbours: Param.integer({
      default: 10,
      minimum: 1,
      unit: "latents",
      description: "neighbours of a latent in both graphs, at most"
    }),
    steps: Param.integer({
      default: null,
      minimum: 1,
      description: "training steps with fixed decoder rows; null: as many as train-meta-sae takes by itself"
    }),
    batch_rows: Param.integer({ default: 512, minimum: 2, description: "rows a step", unit: "rows" }),
    lr: Param.number({ default: 2e-3, minimum: 0, description: "learning rate of Adam, constant" }),
    seed: Param.integer({
      default: 0,
      description: "seed of the order of rows, of random directions and of the shuffled graph"
    })
  },
  output: MetaAnalysis,
  metrics: {
    match_cosine: {
      interval: overMeta,
      better: "neither",
      tolerance: 0.02,
      description: "largest cosine of a meta-latent with a latent of the smaller SAE, mean over those that fire"
    },
    random_match_cosine: {
      interval: overMeta,
      better: "neither",
      tolerance: 0.01,
      description: "the same with as many random directions: the control"
    },
    matched_share: {
      interval: overMeta,
      better: "neither",
      tolerance: 0.03,
      description: "share of the meta-latents that are a latent of the smaller SAE"
    },
    random_matched_share: {
      interval: overMeta,
      better: "neither",
      tolerance: 0.01,
      description: "the same with random directions: the control"
    },
    decoder_variance_explained: {
      interval: overLatents,
      better: "neither",
      tolerance: 0.01,
      description: "share of the variance of the unit decoder rows that the meta-SAE explains"
    },
    fixed_variance_explained: {
      interval: overLatents,
      better: "neither",
      tolerance: 0.02,
      description: "the same with the nearest latents of the smaller SAE as meta-decoder, the rest trained on"
    },
    fixed_random_variance_explained: {
      interval: overLatents,
      better: "neither",
      tolerance: 0.02,
      description: "the same with the nearest random directions: the control"
    },
    neighbour_overlap: {
      interval: overLatents,
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description: "share of the latents that one shares most meta-latents with that are among its nearest by cosine"
    },
    shuffled_overlap: {
      interval: overLatents,
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "the same where each latent has another one's meta-latents: the control"
    }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/meta-sae/analyse-stage.ts"),
    (module) => module.analyseMetaSaeStage
  )
})
