/** Parameters of the stage kind train-lm, and the options that they come to. */
import * as Result from "effect/Result"
import * as Param from "../../stage/param.ts"
import { type Decoded, decoded } from "../../stage/param-problem.ts"
import { decodePhases } from "./row-phases.ts"
import type { TrainLmOptions } from "./train-lm.ts"

export const lmParams = {
  n_layer: Param.integer({ default: 4, minimum: 1, description: "blocks" }),
  n_embd: Param.integer({ default: 192, minimum: 2, description: "width of the residual stream" }),
  n_head: Param.integer({ default: 6, minimum: 1, description: "attention heads" }),
  context: Param.integer({ default: 128, minimum: 12, unit: "tokens", description: "tokens of a row" }),
  steps: Param.integer({ default: 4200, minimum: 1, description: "training steps" }),
  batch: Param.integer({ default: 12, minimum: 1, unit: "rows", description: "rows of a step" }),
  lr: Param.number({ default: 2e-3, minimum: 0, description: "peak learning rate of AdamW" }),
  warmup: Param.integer({ default: 100, minimum: 0, unit: "steps", description: "steps up to the peak" }),
  lr_floor: Param.number({ default: 0.05, minimum: 0, maximum: 1, description: "cosine ends at this share of lr" }),
  weight_decay: Param.number({ default: 0.1, minimum: 0, description: "on matrices only, decoupled" }),
  clip: Param.number({ default: 1, minimum: 0, description: "greatest global norm of the gradient" }),
  phases: Param.list(
    Param.record({ description: "until, text_rows, mixed_rows, first_letter, spelled, bare and two letter weights" }),
    {
      default: [
        {
          until: 1,
          text_rows: 0.6,
          mixed_rows: 0.25,
          first_letter: 0.64,
          spelled: 0.28,
          bare: 0.08,
          letter_weight: 5,
          bare_weight: 5
        }
      ],
      description: "what rows are made of, until which share of the steps; a text without drill words is text only"
    }
  ),
  word_weight: Param.number({ default: 0.2, minimum: 0, description: "loss weight of the word that begins a drill" }),
  first_pool: Param.integer({ default: 120, minimum: 1, unit: "words", description: "words drilled at first" }),
  pool_hold: Param.number({
    default: 0.12,
    minimum: 0,
    maximum: 1,
    description: "share of the steps with that pool"
  }),
  pool_full: Param.number({ default: 0.5, minimum: 0, maximum: 1, description: "share at which all words are in" }),
  dtype: Param.choice(["bfloat16", "float16", "float32"], {
    default: "bfloat16",
    description: "how weights are stored"
  }),
  seed: Param.integer({ default: 0, description: "seed of weights and rows" })
}

export const decodeLm = (params: Param.ParamValues<typeof lmParams>): Decoded<TrainLmOptions> => {
  const { seed, steps, context, n_embd: width, n_head: heads, pool_hold: hold, pool_full: full } = params
  const phases = decodePhases(params.phases)
  const problems = [
    ...(width % heads === 0
      ? []
      : [{ param: "n_head", problem: `n_head ${heads} does not divide n_embd ${width} evenly` }]),
    ...(hold < full ? [] : [{ param: "pool_full", problem: `pool_full ${full} must lie after pool_hold ${hold}` }])
  ]
  if (Result.isFailure(phases)) return Result.fail([...problems, ...phases.failure])
  return decoded(
    {
      config: {
        n_positions: context,
        n_embd: params.n_embd,
        n_layer: params.n_layer,
        n_head: params.n_head,
        n_inner: 4 * params.n_embd,
        layer_norm_epsilon: 1e-5
      },
      rows: {
        seed,
        steps,
        context,
        batch: params.batch,
        phases: phases.success,
        wordWeight: params.word_weight,
        firstPool: params.first_pool,
        poolHold: params.pool_hold,
        poolFull: params.pool_full
      },
      trainer: {
        seed,
        steps,
        lr: params.lr,
        warmup: params.warmup,
        floor: params.lr_floor,
        weightDecay: params.weight_decay,
        clip: params.clip
      },
      reportEvery: 100
    },
    problems
  )
}
