/**
 * The absorption evaluation of one SAE on the first-letter task: probe, k-sparse probes, absorption per letter.
 *
 * SAEBench's procedure on one 80/20 split of the words, repeated over up to five splits with disjoint test words: a small
 * model has few words for the rare letters, and so each counts once. Counts are added over the splits, F1 is averaged.
 */
import type { AbsorptionLetter } from "../../kinds/absorption.ts"
import { type Intervals, toldIntervals } from "../../artifact/intervals.ts"
import { type Ablate, ablationAbsorption } from "./ablation-absorption.ts"
import { type AbsorptionSettings, evaluateSplit, type WordRows } from "./absorption-split.ts"
import { unitRows } from "../decoder-cosine.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { stratifiedFolds } from "../../numeric/stratified-folds.ts"
import { folds, leastOfLetter } from "./unfit-words.ts"

/** Words kept per letter in the detailed list. */
const wordsShown = 50

export interface LetterAbsorption {
  readonly probe: {
    readonly train_words: number
    readonly test_words: number
    readonly accuracy: number
    readonly accuracy_splits: ReadonlyArray<number>
    readonly letters: number
  }
  /** Largest duality gap over letters and splits; null for SAEBench's steps. */
  readonly selection_gap: number | null
  readonly letters: ReadonlyArray<AbsorptionLetter>
  readonly mean_absorption_fraction: number
  readonly std_absorption_fraction: number
  readonly mean_full_absorption: number
  readonly std_full_absorption: number
  /** By the paper's definition; null where nothing was ablated. */
  readonly mean_absorption_rate: number | null
  readonly std_absorption_rate: number | null
  readonly mean_split_latents: number
  /** Mean over the evaluated letters of the F1 with one latent, and with the split's latents. */
  readonly mean_k1_f1: number
  readonly mean_split_f1: number
  /** Of the mean fraction, the mean full absorption and the mean rate, over the words of each letter. */
  readonly intervals: Intervals
}

/** Activations for unit decoder rows: f |w|. */
const unitScaled = (codes: LatentCodes, W_dec: Float32Array, d: number): LatentCodes => {
  const norms = Float64Array.from({ length: codes.d_sae }, (_, j) => Math.hypot(...W_dec.subarray(j * d, (j + 1) * d)))
  return { ...codes, values: codes.values.map((value, at) => value * norms[codes.latents[at]!]!) }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length
/** n - 1 in the denominator. */
const deviation = (values: ReadonlyArray<number>): number => {
  const centre = mean(values)
  return values.length < 2
    ? 0
    : Math.sqrt(values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1))
}

/**
 * @param ablate gives the effects of ablations; undefined: only SAEBench's definition is measured
 * @param onSplit is told when a split is done
 */
export const letterAbsorption = (
  data: WordRows,
  settings: AbsorptionSettings,
  ablate?: Ablate,
  onSplit: (done: number) => void = () => {}
): LetterAbsorption => {
  const d = data.x.length / data.words.length
  const scaled: WordRows = { ...data, codes: unitScaled(data.codes, data.W_dec, d) }
  const unit = unitRows(data.W_dec, d)
  const fold = stratifiedFolds(data.letters, folds, settings.seed)
  const splits = Array.from({ length: Math.min(folds, settings.splits) }, (_, n) => {
    const result = evaluateSplit(scaled, d, unit, (row) => fold[row] === n, settings)
    onSplit(n + 1)
    return result
  })
  const splitCounts: Array<number> = []
  const splitF1: Array<number> = []
  const found = data.classes.map((letter, n): AbsorptionLetter => {
    // A split without a test word of the letter has no F1 of it, and no split latents: nothing would be a rise.
    const parts = splits.map(({ perLetter }) => perLetter[n]!).filter(({ tested }) => tested > 0)
    const known = data.letters.reduce((sum, each) => sum + (each === n ? 1 : 0), 0)
    const absorbed = parts.flatMap((part) => part.absorbed)
    const truePositives = parts.reduce((sum, part) => sum + part.truePositives, 0)
    const full = absorbed.filter(({ word }) => word.full).length
    const probeF1 = mean(parts.map((part) => part.probeF1))
    const evaluated = known >= leastOfLetter && probeF1 > settings.min_probe_f1 && truePositives > 0
    if (evaluated) {
      splitCounts.push(mean(parts.map((part) => part.split.length)))
      splitF1.push(mean(parts.map((part) => part.kSparseF1[Math.max(0, part.split.length - 1)] ?? 0)))
    }
    const absorbers = new Map<number, { readonly cosine: number; readonly words: Array<string> }>()
    for (const { word, absorbers: latents } of absorbed) {
      for (const latent of latents) {
        const cosine = word.top.find((each) => each.latent === latent)?.cosine ?? 0
        const before = absorbers.get(latent)
        if (before === undefined) absorbers.set(latent, { cosine, words: [word.word] })
        else before.words.push(word.word)
      }
    }
    return {
      letter,
      known_words: known,
      probe_f1: probeF1,
      probe_f1_splits: parts.map((part) => part.probeF1),
      evaluated,
      k_sparse_f1: Array.from({ length: settings.max_k }, (_, k) =>
        mean(parts.map(({ kSparseF1 }) => kSparseF1[k] ?? kSparseF1.at(-1) ?? 0))
      ),
      split_latents: [...(parts[0]?.split ?? [])],
      mean_split_latents: mean(parts.map((part) => part.split.length)),
      probe_true_positives: truePositives,
      mean_projection: mean(parts.flatMap((part) => part.projections)),
      full_absorptions: full,
      full_absorption_rate: truePositives === 0 ? 0 : full / truePositives,
      mean_absorption_fraction:
        truePositives === 0 ? 0 : absorbed.reduce((sum, { word }) => sum + word.fraction, 0) / truePositives,
      absorbers: [...absorbers]
        .map(([latent, { cosine, words }]) => ({ latent, cosine, words }))
        .toSorted((a, b) => b.words.length - a.words.length || a.latent - b.latent),
      words: absorbed
        .map(({ word }) => word)
        .toSorted((a, b) => b.fraction - a.fraction || (a.word < b.word ? -1 : 1))
        .slice(0, wordsShown),
      ablation: null
    }
  })
  const ofLetter = (n: number) => splits.map(({ perLetter }) => perLetter[n]!)
  const evaluated = found.flatMap((each, n) => (each.evaluated ? [n] : []))
  const ablations =
    ablate &&
    ablationAbsorption(
      data.words,
      scaled.codes,
      evaluated.map((n) => ({
        letter: data.classes[n]!,
        silent: ofLetter(n).flatMap((part) => part.silent),
        truePositives: found[n]!.probe_true_positives
      })),
      ablate,
      settings
    )
  const results = found.map((each, n) => ({ ...each, ablation: ablations?.[evaluated.indexOf(n)] ?? null }))
  const counted = results.filter((each) => each.evaluated)
  const words = evaluated.map((n): LetterWords => {
    const absorbed = ofLetter(n).flatMap((part) => part.absorbed)
    const { ablation, probe_true_positives: count } = results[n]!
    return {
      count,
      fractions: absorbed.map(({ word }) => word.fraction),
      full: absorbed.map(({ word }) => (word.full ? 1 : 0)),
      // Each stands for as many as were not ablated.
      absorptions:
        ablation === null
          ? []
          : Array.from({ length: ablation.absorptions }, () => ablation.silent_words / ablation.ablated_words)
    }
  })
  const fractions = counted.map((each) => each.mean_absorption_fraction)
  const full = counted.map((each) => each.full_absorption_rate)
  const rates = counted.flatMap(({ ablation }) => (ablation === null ? [] : [ablation.absorption_rate]))
  return {
    probe: {
      train_words: splits[0]!.train,
      test_words: splits.reduce((sum, { test }) => sum + test, 0),
      accuracy: mean(splits.map((split) => split.accuracy)),
      accuracy_splits: splits.map((split) => split.accuracy),
      letters: counted.length
    },
    selection_gap: settings.as_saebench ? null : Math.max(...splits.map(({ selectionGap }) => selectionGap ?? 0)),
    letters: results,
    mean_absorption_fraction: mean(fractions),
    std_absorption_fraction: deviation(fractions),
    mean_full_absorption: mean(full),
    std_full_absorption: deviation(full),
    mean_absorption_rate: ablate === undefined ? null : mean(rates),
    std_absorption_rate: ablate === undefined ? null : deviation(rates),
    mean_split_latents: mean(splitCounts),
    mean_k1_f1: mean(counted.map((each) => each.k_sparse_f1[0] ?? 0)),
    mean_split_f1: mean(splitF1),
    intervals: wordIntervals(words)
  }
}

/** A letter's words whose letter the probe gets right: `count` of them, of which those listed are absorbed in part or whole. */
interface LetterWords {
  readonly count: number
  readonly fractions: ReadonlyArray<number>
  readonly full: ReadonlyArray<number>
  readonly absorptions: ReadonlyArray<number>
}

/** The letters stay, each one's words are drawn again: probes, latents' ranks and splits are not. */
const wordIntervals = (perLetter: ReadonlyArray<LetterWords>): Intervals => {
  const sizes = perLetter.map(({ count }) => count)
  const starts = sizes.map((_, n) => sizes.slice(0, n).reduce((sum, size) => sum + size, 0))
  // Words that nothing absorbs add nothing to a sum, and stand at the end of their letter.
  const meanOf = (times: Int32Array, values: (letter: LetterWords) => ReadonlyArray<number>): number =>
    mean(perLetter.map((letter, n) => drawnSum(times.subarray(starts[n]), values(letter)) / letter.count))
  return toldIntervals(
    bootstrapIntervals(
      sizes,
      (times) => ({
        mean_absorption_fraction: meanOf(times, ({ fractions }) => fractions),
        mean_full_absorption: meanOf(times, ({ full }) => full),
        mean_absorption_rate: meanOf(times, ({ absorptions }) => absorptions)
      }),
      Rng.make(0, "intervals of absorption")
    )
  )
}
