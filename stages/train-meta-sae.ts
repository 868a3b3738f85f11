/** A meta-SAE: an SAE whose rows are the decoder directions of another SAE (Leask et al. 2502.04878). */
import { Sae } from "../src/kinds/sae/sae.ts"
import { metaPresetNames } from "../src/analysis/meta-sae/meta-presets.ts"
import { tooFew } from "../src/analysis/meta-sae/too-few.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("train-meta-sae", {
  summary: "Trains a BatchTopK SAE on the decoder directions of another SAE, beside a baseline of random directions",
  inputs: { sae: Stage.one(Sae, "the SAE whose decoder is decomposed") },
  params: {
    preset: Param.choice(metaPresetNames, {
      default: "none",
      description:
        "where settings come from: meta_structure is SAEBench's, leask the paper's (55.47 % for GPT-2 small), none short runs on a CPU, short a third of its time for thousands of latents, and less explained"
    }),
    d_sae: Param.integer({
      default: null,
      minimum: 1,
      description: "meta-latents; null: a quarter of the latents of the SAE, with leask 3 of 64",
      unit: "latents"
    }),
    k: Param.integer({ default: 4, minimum: 1, description: "active meta-latents a latent, on average" }),
    steps: Param.integer({
      default: null,
      minimum: 1,
      description:
        "training steps of the meta-SAE, and of its baseline; null: 100 epochs, at least 400 steps; short 25 epochs, meta_structure 1,500, leask 2,000 epochs"
    }),
    batch_rows: Param.integer({
      default: null,
      minimum: 2,
      description: "rows a step; null: 512, meta_structure 1,024, leask 4,096",
      unit: "rows"
    }),
    lr: Param.number({
      default: null,
      minimum: 0,
      description:
        "learning rate of Adam, constant; null: 2e-3, short 8e-3 that falls in the last fifth, meta_structure 5e-4, leask 1e-4"
    }),
    seed: Param.integer({ default: 0, description: "seed of weights, order and random directions" }),
    top: Param.integer({ default: 20, minimum: 1, description: "latents kept for each meta-latent in meta.json" })
  },
  output: Sae,
  decode: (params) => {
    const problem = params.d_sae === null ? undefined : tooFew(params.d_sae, params.k)
    return Stage.decoded(
      params,
      problem === undefined ? [] : [{ param: "k", problem, remedy: "raise d_sae, or lower k" }]
    )
  },
  check: Stage.late(
    () => import("../src/analysis/meta-sae/check-meta-sae.ts"),
    (module) => module.checkMetaSae
  ),
  metrics: {
    decoder_variance_explained: {
      interval: "the latents of the SAE",
      better: "neither",
      tolerance: 0.01,
      description:
        "share of the variance of the unit decoder rows that the meta-SAE explains (lower: more atomic latents)"
    },
    random_variance_explained: {
      interval: "the random rows",
      better: "neither",
      tolerance: 0.01,
      description: "the same for as many random unit rows and the same training"
    },
    matched_variance_explained: {
      interval: "the random rows",
      better: "neither",
      tolerance: 0.01,
      description: "the same for random unit rows with the mean and the covariance of the decoder's"
    },
    structure_explained: {
      interval: "the latents of the SAE, and the random rows",
      better: "neither",
      tolerance: 0.02,
      description:
        "share of what those leave unexplained that the decoder's own rows do not: parts in common, beyond the shape of the cloud"
    },
    l0: { better: "neither", tolerance: 0.2, description: "active meta-latents a latent, by the threshold" },
    same_number_share: {
      better: "neither",
      tolerance: 0.01,
      description: "share of the meta-latents whose strongest latent has their own number: a common start"
    },
    same_number_chance: { better: "neither", tolerance: 0, description: "that share where the starts are independent" },
    dead_meta_latents: {
      better: "lower",
      tolerance: 0.02,
      description: "share of the meta-latents that fire on no latent"
    }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/meta-sae/meta-sae-stage.ts"),
    (module) => module.metaSaeStage
  )
})
