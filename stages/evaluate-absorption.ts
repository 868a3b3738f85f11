/** Feature absorption of an SAE on the first-letter task, by the definitions of SAEBench and of Chanin et al. 2409.14507. */
import { folds } from "../src/analysis/absorption/unfit-words.ts"
import { Absorption, absorptionUnits } from "../src/kinds/absorption.ts"
import { FirstLetterAnswers } from "../src/kinds/first-letter-answers/first-letter-answers.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const inputs = {
  sae: Stage.one(Sae, "the SAE"),
  model: Stage.one(LanguageModel, "the language model that it was trained on"),
  answers: Stage.optional(
    FirstLetterAnswers,
    "what the model answers for first letters (ask-first-letters), of the words, examples and seed that it was asked with; asked here where they are left out"
  )
}

const params = {
  hook: Param.string({ default: null, description: "where the SAE reads; null: the hook that it was trained on" }),
  task: Param.choice(["first_letter", "part_of_speech", "number", "capitalisation"], {
    default: "first_letter",
    description:
      "classes of words: first letters, which the model is asked for, or classes of words in sentences of the Brown corpus"
  }),
  words_per_letter: Param.integer({
    default: null,
    minimum: 5,
    description:
      "words at most of each letter, the most frequent first, or of each class, at random; null: those of the answers, else 50, or 400",
    unit: "words"
  }),
  icl_examples: Param.integer({
    default: null,
    minimum: 1,
    description: "lines of examples in each prompt; null: as many as the answers', else 10"
  }),
  c: Param.number({
    default: 1,
    minimum: 1,
    description: "inverse L2 penalty of the letter probe; below 1 it underfits"
  }),
  min_probe_f1: Param.number({
    default: 0.8,
    minimum: 0,
    maximum: 1,
    description: "a letter counts if its probe's F1 is above this (SAEBench: 0.6)"
  }),
  min_letters: Param.integer({
    default: null,
    minimum: 1,
    maximum: 26,
    description:
      "fewer letters that count make the stage fail: the model or the hook is unfit; null: 20 letters, or one class",
    unit: "letters"
  }),
  max_k: Param.integer({ default: 10, minimum: 1, description: "largest k of the k-sparse probes" }),
  f1_jump: Param.number({ default: 0.03, minimum: 0, description: "rise of F1 that makes one more latent a split" }),
  full_cosine: Param.number({
    default: 0.025,
    description: "least cosine of a fully absorbing latent with the probe"
  }),
  fraction_cosine: Param.number({
    default: 0.1,
    description: "least cosine of a partly absorbing latent with the probe"
  }),
  min_share: Param.number({ default: 0.4, description: "least share of the probe's projection that absorbers give" }),
  max_absorbers: Param.integer({ default: 3, minimum: 1, description: "latents that may absorb together" }),
  effect_gap: Param.number({
    default: 1,
    minimum: 0,
    description: "by how much an absorbing latent's effect of ablation exceeds the second's",
    unit: "logits"
  }),
  ablated_words: Param.integer({
    default: 200,
    minimum: 0,
    description:
      "words of a letter whose latents are ablated at most, the rest extrapolated; 0: SAEBench's definition only",
    unit: "words"
  }),
  as_sae_spelling: Param.boolean({
    default: false,
    description:
      "ablate along the path of the paper's code, on which the SAE's error goes too, for comparison with its figures"
  }),
  splits: Param.integer({
    default: folds,
    minimum: 1,
    maximum: folds,
    description: "80/20 splits of the words, with disjoint test words"
  }),
  as_saebench: Param.boolean({
    default: false,
    description:
      "select a letter's latents by SAEBench's 50 steps, which do not converge, for comparison with its figures"
  }),
  selection_tolerance: Param.number({
    default: 1e-6,
    minimum: 1e-8,
    description: "duality gap of the probe that selects a letter's latents, as a share of its objective at zero"
  }),
  seed: Param.integer({ default: 0, description: "seed of the splits, and without answers of the prompts' examples" })
}

export default Stage.make("evaluate-absorption", {
  summary: "Measures how far the latents of an SAE's first letters are absorbed by other latents",
  inputs,
  params,
  decode: (given, { answers }) =>
    Stage.decoded(
      given,
      answers > 0 && given.task !== "first_letter"
        ? [
            {
              param: "answers",
              problem: `they are of first letters, the task is ${given.task}`,
              remedy: "leave them out"
            }
          ]
        : []
    ),
  output: Absorption,
  metrics: {
    mean_absorption_fraction: {
      interval: absorptionUnits.fraction,
      better: "lower",
      // Which of a letter's latents count as split is a threshold: another training moves some letters over it.
      tolerance: 0.1,
      description: "share of a letter's projection that absorbers give, mean over letters"
    },
    mean_full_absorption: {
      interval: absorptionUnits.share,
      better: "lower",
      tolerance: 0.01,
      description: "share of the words that one latent absorbs wholly, mean over letters"
    },
    mean_absorption_rate: {
      optional: true,
      interval: absorptionUnits.share,
      better: "lower",
      tolerance: 0.02,
      description: "share of the words that ablations show one latent to absorb (Chanin et al.), mean over letters"
    },
    word_effect: {
      optional: true,
      better: "neither",
      tolerance: 0.05,
      description:
        "change of the right letter's margin, in logits, when the word's activation becomes the mean over words"
    },
    mean_split_latents: {
      interval: "the letters evaluated",
      better: "lower",
      tolerance: 0.5,
      description: "latents that a letter is split into, mean over letters"
    },
    k_sparse_gap: {
      interval: "the letters evaluated",
      better: "lower",
      tolerance: 0.1,
      description: "F1 of the letter probe less F1 of the letter's best latent, mean over letters"
    },
    letters: { better: "higher", tolerance: 0, description: "letters whose probe is good enough to count" },
    first_letter_accuracy: {
      interval: "the words",
      optional: true,
      better: "higher",
      tolerance: 0.005,
      description: "accuracy of the model on the prompts"
    },
    probe_accuracy: {
      interval: "the words",
      better: "higher",
      tolerance: 0.01,
      description: "accuracy of the 26-way probe on test words"
    },
    selection_gap: {
      optional: true,
      better: "lower",
      tolerance: 1e-5,
      description: "largest duality gap of the probes that select latents, as a share of the objective at zero"
    },
    warnings: { better: "lower", tolerance: 0, description: "signs that the SAE is too undertrained for these numbers" }
  },
  engine: true,
  isolation: "process",
  runTogether: {
    // The model answers the same prompts, once for all SAEs of a hook.
    group: ({ params: asked, inputs: given }) => JSON.stringify([given["model"], given["answers"], asked]),
    run: Stage.late(
      () => import("../src/analysis/absorption/absorption-stage.ts"),
      (module) => module.absorptionStage
    )
  }
})
