/** Parameters of the stage kind auto-interp, and the options that they come to. */
import * as Param from "../stage/param.ts"
import { type Decoded, decoded } from "../stage/param-problem.ts"
import type { InterpretOptions } from "./interpret-sae.ts"

export const autoInterpParams = {
  latents: Param.integer({
    description: "live latents to explain, drawn by seed; 0: all",
    default: 150,
    minimum: 0
  }),
  seed: Param.integer({ description: "chooses latents, examples, masks and shuffles", default: 0 }),
  min_firings: Param.integer({
    description: "a latent that fires on fewer training rows is passed over",
    unit: "rows",
    default: 30,
    minimum: 1
  }),
  train_rows: Param.integer({
    description: "training rows read at most",
    unit: "rows",
    default: 300_000,
    minimum: 1
  }),
  held_out_rows: Param.integer({
    description: "held-out rows that explanations are scored on, at most",
    unit: "rows",
    default: 100_000,
    minimum: 1
  }),
  single_tokens: Param.integer({
    description: "activating tokens tried alone, those with the most firings first",
    default: 256,
    minimum: 0
  }),
  examples: Param.integer({
    description: "firings pruned and masked in each round, per latent",
    default: 8,
    minimum: 1
  }),
  rounds: Param.integer({
    description: "rounds; each after the first explains firings that no pattern predicts yet",
    default: 4,
    minimum: 1
  }),
  longest_prompt: Param.integer({
    description: "longest context tried when a firing is pruned",
    unit: "tokens",
    default: 12,
    minimum: 1
  }),
  fire_threshold: Param.number({
    description: "share of a latent's maximum from which on it counts as firing",
    default: 0.5,
    minimum: 0.01,
    maximum: 1
  }),
  keep: Param.number({
    description: "share of its activation that a firing must keep when its context is pruned",
    default: 0.5,
    minimum: 0.01,
    maximum: 1
  }),
  importance: Param.number({
    description: "share of the activation that masking a token must cost for the token to stand in the pattern",
    default: 0.5,
    minimum: 0.01,
    maximum: 1
  }),
  mask_samples: Param.integer({ description: "masked prompts averaged for each token", default: 2, minimum: 1 }),
  shuffles: Param.integer({
    description: "shuffles of the explanations averaged for the baseline",
    default: 8,
    minimum: 1
  }),
  top_examples: Param.integer({ description: "strongest examples kept per latent", default: 10, minimum: 1 }),
  bands: Param.integer({
    description: "bands of activation that further examples come from",
    default: 4,
    minimum: 1
  }),
  examples_per_band: Param.integer({ description: "examples kept per band", default: 2, minimum: 0 }),
  left: Param.integer({ description: "tokens shown left of the activating token", default: 24, minimum: 0 }),
  right: Param.integer({ description: "tokens shown right of it", default: 10, minimum: 0 }),
  logit_tokens: Param.integer({ description: "promoted and suppressed tokens listed, each", default: 10, minimum: 1 })
}

/** Tokens: a longer one is a text, and no pattern. */
const longestPattern = 512
/** Examples kept per latent. */
const mostExamples = 1000

export const decodeAutoInterp = (params: Param.ParamValues<typeof autoInterpParams>): Decoded<InterpretOptions> => {
  const { latents, longest_prompt, examples_per_band, bands } = params
  const problems = [
    ...(latents === 1 ? [{ param: "latents", problem: "latents is 1: the shuffled baseline needs two or more" }] : []),
    ...(longest_prompt > longestPattern
      ? [{ param: "longest_prompt", problem: `longest_prompt ${longest_prompt} is too long for a token pattern` }]
      : []),
    ...(examples_per_band * bands > mostExamples
      ? [
          {
            param: "bands",
            problem: `bands x examples_per_band is ${examples_per_band * bands}, more than ${mostExamples}`
          }
        ]
      : [])
  ]
  return decoded(
    {
      latents: latents === 0 ? null : latents,
      seed: params.seed,
      minFirings: params.min_firings,
      trainRows: params.train_rows,
      heldOutRows: params.held_out_rows,
      singleTokens: params.single_tokens,
      examples: params.examples,
      rounds: params.rounds,
      longestPrompt: longest_prompt,
      fireThreshold: params.fire_threshold,
      keep: params.keep,
      importance: params.importance,
      maskSamples: params.mask_samples,
      shuffles: params.shuffles,
      topExamples: params.top_examples,
      bands,
      perBand: examples_per_band,
      left: params.left,
      right: params.right,
      logitTokens: params.logit_tokens
    },
    problems
  )
}
