/** Explains latents by token patterns and scores the explanations on held-out text; needs no further language model. */
import * as Effect from "effect/Effect"
import { Activations } from "../src/kinds/activations/activations.ts"
import { Interpretations, interpretationsFileName } from "../src/kinds/interpretations.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { meanScores } from "../src/interp/mean-scores.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("auto-interp", {
  summary: "Explains latents by token patterns (Neuron to Graph) and scores them on held-out text.",
  inputs: {
    sae: Stage.one(Sae, "whose latents are explained"),
    activations: Stage.one(Activations, "rows of the SAE's hook: training rows explain, held-out rows score"),
    model: Stage.one(LanguageModel, "the model that the activations are of")
  },
  params: {
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
    left: Param.integer({ description: "tokens shown left of the activating token", default: 12, minimum: 0 }),
    right: Param.integer({ description: "tokens shown right of it", default: 4, minimum: 0 }),
    logit_tokens: Param.integer({ description: "promoted and suppressed tokens listed, each", default: 10, minimum: 1 })
  },
  output: Interpretations,
  metrics: {
    mean_f1: { better: "higher", tolerance: 0.02, description: "mean F1 of the explanations on held-out rows" },
    shuffled_f1: { better: "neither", tolerance: 0.02, description: "mean F1 of other latents' explanations" },
    beats_shuffled: {
      better: "higher",
      tolerance: 0.03,
      description: "share of the scored latents whose F1 exceeds that of other latents' explanations"
    },
    mean_precision: { better: "higher", tolerance: 0.02, description: "mean precision on held-out rows" },
    mean_recall: { better: "higher", tolerance: 0.02, description: "mean recall on held-out rows" },
    mean_balanced_accuracy: {
      better: "higher",
      tolerance: 0.02,
      description: "mean balanced accuracy on held-out rows"
    },
    explained_latents: { better: "neither", tolerance: 5, description: "latents with an explanation, scored or not" },
    scored_latents: { better: "neither", tolerance: 5, description: "of these, latents that fire on held-out rows" },
    live_latents: { better: "higher", tolerance: 5, description: "latents that fire often enough to be explained" },
    patterns: { better: "neither", tolerance: 1, description: "mean number of patterns per explained latent" }
  },
  engine: true,
  isolation: "process",
  decode: (params) => {
    const { latents, longest_prompt, examples_per_band, bands } = params
    return Stage.decoded(params, [
      ...(latents === 1
        ? [{ param: "latents", problem: "latents is 1: the shuffled baseline needs two or more" }]
        : []),
      ...(longest_prompt > 512
        ? [{ param: "longest_prompt", problem: `longest_prompt ${longest_prompt} is too long for a token pattern` }]
        : []),
      ...(examples_per_band * bands > 1000
        ? [{ param: "bands", problem: `bands x examples_per_band is ${examples_per_band * bands}, more than 1000` }]
        : [])
    ])
  },
  run: ({ inputs, params, output, progress, log }) =>
    Effect.gen(function* () {
      const { interpretSae } = yield* Effect.promise(() => import("../src/interp/interpret-sae.ts"))
      const { loadModel } = yield* Effect.promise(() => import("../src/model/load-model.ts"))
      const { makeTokenizer } = yield* Effect.promise(() => import("../src/text/tokenizer.ts"))
      const sae = inputs.sae.value
      const activations = inputs.activations.value
      const language = inputs.model.value
      if (sae.rows !== "activations") {
        return yield* stageFailed(
          "the SAE's rows are no activations of a model",
          "Give the SAE itself, not its meta-SAE."
        )
      }
      if (sae.d_in !== activations.d_in || (sae.hook !== null && sae.hook !== activations.hook)) {
        return yield* stageFailed(
          `the SAE reads ${sae.hook ?? "a hook"} of width ${sae.d_in}, the activations are of ${activations.hook}, width ${activations.d_in}`,
          "Give activations of the SAE's own hook."
        )
      }
      if (activations.model !== language.digest) {
        return yield* stageFailed("the activations are of another model than `model`", "Give the model of the capture.")
      }
      if (activations.order.by !== "tokens") {
        return yield* stageFailed("the activations are shuffled", "Give those that they were shuffled from.")
      }
      const model = yield* Effect.mapError(loadModel(language), (error) =>
        error._tag === "ArtifactError" ? error : stageFailed(error.message)
      )
      if (params.longest_prompt + 1 > model.info.context) {
        return yield* stageFailed(
          `longest_prompt is ${params.longest_prompt}, the model's context ${model.info.context}`,
          "Lower longest_prompt."
        )
      }
      const tokenizerJson = yield* language.tokenizer
      const tokenizer = yield* Effect.try({
        try: () => makeTokenizer(tokenizerJson),
        catch: (cause) => stageFailed(`tokenizer.json cannot be read: ${String(cause)}`)
      })
      const file = yield* interpretSae(
        {
          model,
          tokenizer,
          activations,
          sae: { digest: sae.digest, architecture: sae.architecture, weights: yield* sae.weights },
          progress
        },
        {
          latents: params.latents === 0 ? null : params.latents,
          seed: params.seed,
          minFirings: params.min_firings,
          trainRows: params.train_rows,
          heldOutRows: params.held_out_rows,
          singleTokens: params.single_tokens,
          examples: params.examples,
          rounds: params.rounds,
          longestPrompt: params.longest_prompt,
          fireThreshold: params.fire_threshold,
          keep: params.keep,
          importance: params.importance,
          maskSamples: params.mask_samples,
          shuffles: params.shuffles,
          topExamples: params.top_examples,
          bands: params.bands,
          perBand: params.examples_per_band,
          left: params.left,
          right: params.right,
          logitTokens: params.logit_tokens
        }
      )
      yield* output.writeJson(interpretationsFileName, file)
      const scores = meanScores(file)
      if (scores === undefined) {
        return yield* stageFailed(
          "none of the latents fires above the threshold on held-out rows",
          "Hold out more text, or lower fire_threshold."
        )
      }
      log(
        `${scores.scored} latents scored: mean F1 ${scores.f1.toFixed(3)}, shuffled ${scores.shuffled.toFixed(3)}, ${(100 * scores.beating).toFixed(1)} % beat it`
      )
      return {
        mean_f1: scores.f1,
        shuffled_f1: scores.shuffled,
        beats_shuffled: scores.beating,
        mean_precision: scores.precision,
        mean_recall: scores.recall,
        mean_balanced_accuracy: scores.balancedAccuracy,
        explained_latents: file.latents.length,
        scored_latents: scores.scored,
        live_latents: file.live,
        patterns: file.latents.reduce((sum, { patterns }) => sum + patterns.length, 0) / file.latents.length
      }
    })
})
