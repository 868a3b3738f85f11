/** A meta-SAE: an SAE whose rows are the decoder directions of another SAE (Leask et al. 2502.04878). */
import * as Effect from "effect/Effect"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("train-meta-sae", {
  summary: "Trains a BatchTopK SAE on the decoder directions of another SAE, beside a baseline of random directions",
  inputs: { sae: Stage.one(Sae, "the SAE whose decoder is decomposed") },
  params: {
    d_sae: Param.integer({
      default: null,
      minimum: 1,
      description: "meta-latents; null: a quarter of the latents of the SAE",
      unit: "latents"
    }),
    k: Param.integer({ default: 4, minimum: 1, description: "active meta-latents a latent, on average" }),
    steps: Param.integer({
      default: null,
      minimum: 1,
      description: "training steps of the meta-SAE, and of its baseline; null: 100 epochs, at least 400 steps"
    }),
    batch_rows: Param.integer({ default: 512, minimum: 2, description: "rows a step", unit: "rows" }),
    lr: Param.number({ default: 2e-3, minimum: 0, description: "learning rate of Adam, constant" }),
    seed: Param.integer({ default: 0, description: "seed of weights, order and random directions" }),
    top: Param.integer({ default: 20, minimum: 1, description: "latents kept for each meta-latent in meta.json" })
  },
  output: Sae,
  metrics: {
    decoder_variance_explained: {
      better: "neither",
      tolerance: 0.01,
      description:
        "share of the variance of the unit decoder rows that the meta-SAE explains (lower: more atomic latents)"
    },
    random_variance_explained: {
      better: "neither",
      tolerance: 0.01,
      description: "the same for as many random unit rows and the same training"
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
  run: ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { trainMetaSae } = yield* Effect.promise(() => import("../src/analysis/meta-sae/train-meta-sae.ts"))
      const { writeSae } = yield* Effect.promise(() => import("../src/kinds/sae/write-sae.ts"))
      const { trainingRecord } = yield* Effect.promise(() => import("../src/sae/training/training-record.ts"))
      const { metaLatentsFileName } = yield* Effect.promise(() => import("../src/kinds/sae/meta-latents.ts"))
      const base = inputs.sae.value
      const d_sae = params.d_sae ?? Math.floor(base.d_sae / 4)
      if (d_sae < params.k) {
        return yield* stageFailed(
          `a dictionary of ${d_sae} meta-latents has fewer than k = ${params.k}`,
          "Set d_sae or lower k."
        )
      }
      const epoch = Math.ceil(base.d_sae / Math.min(params.batch_rows, base.d_sae))
      const steps = params.steps ?? Math.max(400, 100 * epoch)
      const { W_dec } = yield* base.weights
      const { trained, file, random, warning } = yield* trainMetaSae(
        { W_dec, d_in: base.d_in },
        { ...params, d_sae, steps },
        progress
      )
      if (warning !== undefined) log(`warning: ${warning}`)
      log(
        `decoder variance explained ${file.decoder_variance_explained.toFixed(4)}, ` +
          `of random rows ${file.random_variance_explained.toFixed(4)}`
      )
      yield* writeSae(output, {
        weights: trained.weights,
        curve: trained.curve,
        info: {
          architecture: "batch_topk",
          k: params.k,
          hook: null,
          model: null,
          activations: null,
          rows: "decoder",
          training: {
            ...trainingRecord(trained),
            seed: params.seed,
            base: base.digest,
            random_outcome: { ...random.outcome, ...random.methodOutcome }
          }
        }
      })
      yield* output.writeJson(metaLatentsFileName, file)
      return {
        decoder_variance_explained: file.decoder_variance_explained,
        random_variance_explained: file.random_variance_explained,
        l0: file.l0,
        dead_meta_latents: file.dead.length / d_sae,
        same_number_share: file.same_number_share,
        same_number_chance: file.same_number_chance,
        meta_latents: d_sae
      }
    })
})
