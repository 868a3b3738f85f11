/** Trains one SAE on the training rows of an Activations artifact. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/artifact/activations.ts"
import { Sae } from "../src/artifact/sae.ts"
import { trainingDefaults } from "../src/sae/training-options.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("train-sae", {
  summary: "Trains a sparse autoencoder on activations and saves it as a SAELens folder",
  inputs: { activations: Stage.one(Activations, "the rows to train on; held-out rows are not touched") },
  params: {
    architecture: Param.choice(["topk", "batch_topk"], {
      default: "batch_topk",
      description: "topk: k latents on every row; batch_topk: k on average, and a threshold in use"
    }),
    d_sae: Param.integer({ minimum: 1, description: "latents in the dictionary", unit: "latents" }),
    k: Param.integer({ minimum: 1, description: "active latents a row", unit: "latents" }),
    steps: Param.integer({ default: 1000, minimum: 1, description: "training steps", unit: "steps" }),
    batch_rows: Param.integer({
      default: trainingDefaults.batch_rows,
      minimum: 1,
      description: "rows a step",
      unit: "rows"
    }),
    seed: Param.integer({ default: 0, description: "seed of first weights and of the order of rows" }),
    lr: Param.number({
      default: trainingDefaults.lr,
      minimum: 0,
      description: "peak learning rate of Adam; null: 2e-4 / sqrt(d_sae / 2^14)"
    }),
    warmup: Param.number({
      default: trainingDefaults.warmup,
      minimum: 0,
      maximum: 1,
      description: "share of the steps over which the learning rate rises from 0"
    }),
    decay: Param.number({
      default: trainingDefaults.decay,
      minimum: 0,
      maximum: 1,
      description: "share of the steps, at the end, over which it falls to 0"
    }),
    beta1: Param.number({ default: trainingDefaults.beta1, minimum: 0, maximum: 0.9999, description: "Adam's beta1" }),
    beta2: Param.number({ default: trainingDefaults.beta2, minimum: 0, maximum: 0.9999, description: "Adam's beta2" }),
    clip: Param.number({
      default: trainingDefaults.clip,
      minimum: 0,
      description: "largest norm of the gradient of all parameters together; null: no limit"
    }),
    normalize: Param.choice(["mean_square", "none"], {
      default: trainingDefaults.normalize,
      description: "mean_square: train on rows divided by sqrt(mean |x|^2); the saved weights take rows as they are"
    }),
    aux_coefficient: Param.number({
      default: trainingDefaults.aux_coefficient,
      minimum: 0,
      description: "weight of the auxiliary loss that revives dead latents; 0: none"
    }),
    k_aux: Param.integer({
      default: trainingDefaults.k_aux,
      minimum: 1,
      description: "dead latents that reconstruct the residual of a row; null: d_in / 2"
    }),
    dead_after: Param.integer({
      default: trainingDefaults.dead_after,
      minimum: 1,
      description: "a latent is dead after so many rows without firing; null: 10^7, but at most a fiftieth of all rows",
      unit: "rows"
    })
  },
  output: Sae,
  metrics: {
    explained_variance: {
      better: "higher",
      tolerance: 0.01,
      description: "on training batches, at the end of training (see evaluate-sae for held-out rows)"
    },
    l0: { better: "lower", tolerance: 0.5, description: "active latents a row, at the end of training" },
    loss: { better: "lower", tolerance: 0.01, description: "training loss, at the end of training" },
    dead_fraction: { better: "lower", tolerance: 0.02, description: "share of latents that count as dead at the end" }
  },
  engine: true,
  isolation: "process",
  check: (params) =>
    params.k > params.d_sae
      ? [{ param: "k", message: `k is ${params.k}, more than the ${params.d_sae} of d_sae` }]
      : [],
  run: ({ inputs, params, output, progress, checkpoint, log }) =>
    Effect.gen(function* () {
      const { loadTrainingRows } = yield* Effect.promise(() => import("../src/sae/load-training-rows.ts"))
      const { trainSae } = yield* Effect.promise(() => import("../src/sae/train-sae.ts"))
      const { writeSae } = yield* Effect.promise(() => import("../src/artifact/write-sae.ts"))
      const activations = inputs.activations.value
      if (activations.train.rows === 0) return yield* stageFailed("there are no training rows", "Capture more text.")
      const rows = yield* loadTrainingRows(activations)
      const trained = yield* trainSae(rows, params, { progress, checkpoint })
      const { outcome } = trained
      log(
        `explained variance ${outcome.explained_variance.toFixed(4)}, L0 ${outcome.l0.toFixed(1)}, ` +
          `${outcome.dead_latents} of ${params.d_sae} latents dead, ${outcome.epochs.toFixed(1)} epochs`
      )
      yield* writeSae(output, {
        weights: trained.weights,
        curve: trained.curve,
        info: {
          architecture: params.architecture,
          k: params.k,
          hook: activations.hook,
          model: activations.model,
          activations: activations.digest,
          rows: "activations",
          training: { ...trained.options, ...outcome }
        },
        metadata: {
          context_size: activations.context_size,
          prepend_bos: activations.contexts.bos_id !== null,
          dataset_path: activations.contexts.source,
          model_name: null,
          hook_head_index: null,
          training_architecture: params.architecture === "batch_topk" ? "batchtopk" : params.architecture
        }
      })
      return {
        explained_variance: outcome.explained_variance,
        l0: outcome.l0,
        loss: outcome.loss,
        dead_fraction: outcome.dead_latents / params.d_sae
      }
    })
})
