/**
 * A first-letter absorption evaluation of one SAE: the model's accuracy, the probe, and per letter its split latents
 * and its absorption, by two definitions: that of SAEBench (fraction, full absorption) and that of Chanin et al. 2409.14507
 * (absorption rate, from effects of ablations). One file, `absorption.json`.
 */
import * as Schema from "effect/Schema"
import { Intervals } from "../artifact/intervals.ts"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const LatentShare = Schema.Struct({
  latent: Schema.Int,
  /** Decoder cosine with the letter's probe. */
  cosine: Schema.Finite,
  activation: Schema.Finite,
  /** activation * cosine: what the latent gives to the probe. */
  projection: Schema.Finite
})

const AbsorbedWord = Schema.Struct({
  word: Schema.String,
  /** Of the residual stream on the unit probe. */
  projection: Schema.Finite,
  /** Sum over the split latents. */
  main_projection: Schema.Finite,
  fraction: Schema.Finite,
  full: Schema.Boolean,
  /** The strongest latents of the word by projection, strongest first. */
  top: Schema.Array(LatentShare)
})

const LatentEffect = Schema.Struct({
  latent: Schema.Int,
  /** What ablating it does to the logit of the right letter less the mean of the others. */
  effect: Schema.Finite,
  /** Decoder cosine with the letter's probe. */
  cosine: Schema.Finite,
  activation: Schema.Finite
})

const AblatedWord = Schema.Struct({
  word: Schema.String,
  /** Sum of the effects of all its latents. */
  total_effect: Schema.Finite,
  /** The latents of the largest |effect|, largest first: the first one absorbs. */
  top: Schema.Array(LatentEffect)
})

/** Absorption by the paper's definition, from effects of ablations. */
const LetterAblation = Schema.Struct({
  /** Words that the probe gets right and on which all split latents are silent. */
  silent_words: Schema.Int,
  /** Of these, those whose latents were ablated: all, or as many as were asked for. */
  ablated_words: Schema.Int,
  absorptions: Schema.Int,
  /** Absorptions, scaled up to all silent words, out of the words that the probe gets right. */
  absorption_rate: Schema.Finite,
  /** Mean over the ablated words of the sum of the effects of all latents; null without words. */
  mean_total_effect: Schema.NullOr(Schema.Finite),
  /** Absorbed words. */
  words: Schema.Array(AblatedWord)
})

const Letter = Schema.Struct({
  /** A letter, or the name of a class. */
  letter: Schema.String,
  /** How many words with this letter the model gets right. */
  known_words: Schema.Int,
  /** F1 of the probe on test words: the mean over the splits that have some of this letter, and each such split's. */
  probe_f1: Schema.Finite,
  probe_f1_splits: Schema.Array(Schema.Finite),
  /** Whether there are words enough and the probe's F1 passes the threshold, so that the numbers below count. */
  evaluated: Schema.Boolean,
  /** F1 of the k-sparse probes on SAE activations, k = 1, 2, ..., mean over the splits. */
  k_sparse_f1: Schema.Array(Schema.Finite),
  /** The latents of the largest k that still raised F1, in the first split: one, or several when the letter is split. */
  split_latents: Schema.Array(Schema.Struct({ latent: Schema.Int, cosine: Schema.Finite })),
  mean_split_latents: Schema.Finite,
  /** Test words of all splits that the probe gets right: what the rates below are out of. */
  probe_true_positives: Schema.Int,
  /** Mean projection of these words on the unit probe. */
  mean_projection: Schema.Finite,
  full_absorptions: Schema.Int,
  full_absorption_rate: Schema.Finite,
  mean_absorption_fraction: Schema.Finite,
  /** Latents that absorb, with the words they do it in; most words first. */
  absorbers: Schema.Array(
    Schema.Struct({ latent: Schema.Int, cosine: Schema.Finite, words: Schema.Array(Schema.String) })
  ),
  /** Words with a fraction above zero or full absorption, largest fraction first. */
  words: Schema.Array(AbsorbedWord),
  /** Null where no word was ablated: the letter is not evaluated, or it is not measured. */
  ablation: Schema.NullOr(LetterAblation)
})

const AbsorptionFile = Schema.Struct({
  format: Schema.Literal(3),
  /** Which classes of words: first letters, or classes that stand in the place of letters below. */
  task: Schema.Literals(["first_letter", "part_of_speech", "number", "capitalisation"]),
  hook: Schema.String,
  /** L0 and explained variance are those at the word tokens. */
  sae: Schema.Struct({
    digest: Schema.optionalKey(Schema.String),
    d_sae: Schema.Int,
    d_in: Schema.Int,
    l0: Schema.Finite,
    ev: Schema.Finite
  }),
  /** An example of the prompts, as text. */
  prompt: Schema.String,
  settings: Schema.Struct({
    icl_examples: Schema.Int,
    c: Schema.Finite,
    min_probe_f1: Schema.Finite,
    max_k: Schema.Int,
    f1_jump: Schema.Finite,
    full_cosine: Schema.Finite,
    fraction_cosine: Schema.Finite,
    min_share: Schema.Finite,
    max_absorbers: Schema.Int,
    splits: Schema.Int,
    seed: Schema.Int,
    as_saebench: Schema.Boolean,
    selection_tolerance: Schema.Finite,
    ablated_words: Schema.Int,
    effect_gap: Schema.Finite,
    as_sae_spelling: Schema.Boolean
  }),
  /**
   * Which latents stand for a letter is chosen by an L1-penalised logistic probe; this is the largest duality gap that it was
   * left with, over letters and splits, as a share of its objective at zero. Null for SAEBench's 50 steps.
   */
  selection_gap: Schema.NullOr(Schema.Finite),
  /** Words asked about, and those that the model answers rightly; accuracy is null where it was not asked. */
  model: Schema.Struct({ words: Schema.Int, correct: Schema.Int, accuracy: Schema.NullOr(Schema.Finite) }),
  probe: Schema.Struct({
    train_words: Schema.Int,
    /** Of all splits: every word is a test word once. */
    test_words: Schema.Int,
    accuracy: Schema.Finite,
    accuracy_splits: Schema.Array(Schema.Finite),
    letters: Schema.Int
  }),
  /** Over the evaluated letters: mean and standard deviation (n - 1). */
  mean_absorption_fraction: Schema.Finite,
  std_absorption_fraction: Schema.Finite,
  mean_full_absorption: Schema.Finite,
  std_full_absorption: Schema.Finite,
  /**
   * How far the right letter's margin falls, in logits, when the word's activation becomes the mean over words; null where ablations
   * were not asked for. Where it hardly does, the letter has left the word's position, and the rate below is not measured.
   */
  word_effect: Schema.NullOr(Schema.Finite),
  /** Why there is no rate; null where there is one. */
  rate_unmeasured: Schema.NullOr(Schema.String),
  /** The paper's rate. */
  mean_absorption_rate: Schema.NullOr(Schema.Finite),
  std_absorption_rate: Schema.NullOr(Schema.Finite),
  /** Mean number of split latents a letter (1: no split). */
  mean_split_latents: Schema.Finite,
  /** Mean over the evaluated letters of the k-sparse F1 with one latent, and with the split latents. */
  mean_k1_f1: Schema.Finite,
  mean_split_f1: Schema.Finite,
  /** Of the mean fraction, the mean full absorption and the mean rate, over the words of each letter. */
  intervals: Schema.optionalKey(Intervals),
  /** Signs that the SAE is too undertrained for its absorption to mean anything; empty when there are none. */
  warnings: Schema.Array(Schema.String),
  letters: Schema.Array(Letter)
})
export type AbsorptionFile = typeof AbsorptionFile.Type

/** What the intervals are over. Of five seeds that of the fraction held the mean in two: `bench/intervals`. */
export const absorptionUnits = {
  share: "the words of each letter",
  fraction: "the words of each letter, not over seeds: another seed moves it more"
} as const

export type AbsorptionLetter = typeof Letter.Type
export type AbsorbedWord = typeof AbsorbedWord.Type
export type AblatedWord = typeof AblatedWord.Type
export type LetterAblation = typeof LetterAblation.Type
export type LatentShare = typeof LatentShare.Type

export const absorptionFileName = "absorption.json"

export const Absorption = makeKind({
  name: "Absorption",
  version: 3,
  description: "first-letter feature absorption of one SAE, per letter",
  open: (artifact: Artifact) => readJsonFile(artifact, absorptionFileName, AbsorptionFile)
})
