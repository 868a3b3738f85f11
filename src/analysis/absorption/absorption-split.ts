/** SAEBench's absorption procedure on one split of the words into training and test words. */
import type { AbsorbedWord } from "../../kinds/absorption.ts"
import { accuracy, f1PerClass } from "../../numeric/f1.ts"
import { kSparseProbe } from "./k-sparse-probe.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { predictLetters, probeDirections, trainLetterProbe } from "./letter-probe.ts"
import { meanActive } from "./firing-latents.ts"
import { type LatentRanking, rankLatents } from "./rank-latents.ts"
import { saeBenchRanking } from "./saebench-ranking.ts"
import type { AblationSettings, SilentWord } from "./ablation-absorption.ts"
import { type AbsorptionThresholds, silent, wordAbsorption } from "./word-absorption.ts"

export interface AbsorptionSettings extends AbsorptionThresholds, AblationSettings {
  /** Inverse penalty of the probe. */
  readonly c: number
  /** A letter counts if its probe's F1, averaged over the splits, is above this. */
  readonly min_probe_f1: number
  /** Largest k of the k-sparse probes. */
  readonly max_k: number
  /** By how much F1 must rise for one more latent to count as a split. */
  readonly f1_jump: number
  /** Latents are selected by SAEBench's own 50 steps instead of the converged probe. */
  readonly as_saebench: boolean
  /** Duality gap of the probe that selects latents, as a share of its objective at zero. */
  readonly selection_tolerance: number
  /** How many of the five splits are evaluated. */
  readonly splits: number
}

/** Words with their residual streams and codes; row n belongs to word n. */
export interface WordRows {
  /** Names of the classes of words: letters, or others. */
  readonly classes: ReadonlyArray<string>
  readonly words: ReadonlyArray<string>
  /** Index of each word's class. */
  readonly letters: Uint8Array<ArrayBuffer>
  /** [words, d_in] */
  readonly x: Float32Array
  readonly codes: LatentCodes
  /** [d_sae, d_in]. Its rows may have any length: `letterAbsorption` scales the codes to unit rows. */
  readonly W_dec: Float32Array<ArrayBuffer>
}

/** Latents shown for a word. */
const latentsShown = 5

export interface LetterInSplit {
  /** Test words of the letter. Where there is none, the F1 below are 0, and say nothing. */
  readonly tested: number
  readonly probeF1: number
  readonly kSparseF1: ReadonlyArray<number>
  readonly split: ReadonlyArray<{ readonly latent: number; readonly cosine: number }>
  readonly truePositives: number
  readonly projections: ReadonlyArray<number>
  /** Words with a fraction above 0 or full absorption, and the latents to blame. */
  readonly absorbed: ReadonlyArray<{ readonly word: AbsorbedWord; readonly absorbers: ReadonlyArray<number> }>
  /** Words that one latent may have absorbed by the paper's definition: their effects of ablation decide. */
  readonly silent: ReadonlyArray<SilentWord>
}

const rowsOf = (x: Float32Array, d: number, rows: ReadonlyArray<number>): Float32Array => {
  const part = new Float32Array(rows.length * d)
  rows.forEach((row, n) => part.set(x.subarray(row * d, (row + 1) * d), n * d))
  return part
}

export interface SplitAbsorption {
  readonly accuracy: number
  readonly train: number
  readonly test: number
  /** Largest duality gap of the selection, of any letter; null for SAEBench's steps, which have none. */
  readonly selectionGap: number | null
  readonly perLetter: ReadonlyArray<LetterInSplit>
}

/**
 * @param data codes for unit decoder rows
 * @param unit [d_sae, d_in], the unit decoder rows
 * @param test whether a word is a test word
 */
export const evaluateSplit = (
  data: WordRows,
  d: number,
  unit: Float32Array,
  test: (row: number) => boolean,
  s: AbsorptionSettings
): SplitAbsorption => {
  const all = data.words.map((_, row) => row)
  const [trainRows, testRows] = [all.filter((row) => !test(row)), all.filter(test)]
  const labelsOf = (rows: ReadonlyArray<number>) => Uint8Array.from(rows, (row) => data.letters[row]!)
  const [trainLabels, testLabels] = [labelsOf(trainRows), labelsOf(testRows)]
  const probe = trainLetterProbe(rowsOf(data.x, d, trainRows), trainLabels, { c: s.c, classes: data.classes.length })
  const predicted = predictLetters(probe, rowsOf(data.x, d, testRows))
  const directions = probeDirections(probe)
  const probeF1 = f1PerClass(testLabels, predicted, data.classes.length)
  const ranking: LatentRanking = s.as_saebench
    ? saeBenchRanking(data.codes, trainRows, trainLabels, data.classes.length, s.max_k, s.seed)
    : rankLatents(data.codes, trainRows, trainLabels, data.classes.length, s.max_k, s.selection_tolerance)
  const scale = s.as_saebench ? 1 : meanActive(data.codes)
  const perLetter = data.classes.map((_, letter): LetterInSplit => {
    const k = kSparseProbe(
      data.codes,
      ranking.ranked[letter]!,
      { rows: trainRows, positive: Array.from(trainLabels, (label) => label === letter) },
      { rows: testRows, positive: Array.from(testLabels, (label) => label === letter) },
      scale,
      s.f1_jump
    )
    const direction = directions.subarray(letter * d, (letter + 1) * d)
    const dot = (values: Float32Array, at: number): number => {
      let sum = 0
      for (let i = 0; i < d; i++) sum += values[at * d + i]! * direction[i]!
      return sum
    }
    const cosines = Float64Array.from({ length: data.codes.d_sae }, (_, j) => dot(unit, j))
    const split = new Set(k.split)
    const hits = testRows.filter((_, n) => testLabels[n] === letter && predicted[n] === letter)
    const { offsets, latents, values } = data.codes
    const words = hits.map((row) => {
      const projection = dot(data.x, row)
      const [from, to] = [offsets[row]!, offsets[row + 1]!]
      const active = { latents: latents.subarray(from, to), values: values.subarray(from, to) }
      const { ranked: top, absorbers, ...result } = wordAbsorption(active, cosines, projection, split, s)
      const word: AbsorbedWord = { word: data.words[row]!, projection, ...result, top: top.slice(0, latentsShown) }
      // Full absorption is the work of the one latent on top.
      return { word, absorbers: absorbers.length > 0 ? absorbers : top.slice(0, 1).map(({ latent }) => latent) }
    })
    return {
      tested: testLabels.reduce((sum, label) => sum + (label === letter ? 1 : 0), 0),
      probeF1: probeF1[letter]!,
      kSparseF1: k.f1,
      split: k.split.map((latent) => ({ latent, cosine: cosines[latent]! })),
      truePositives: hits.length,
      projections: words.map(({ word }) => word.projection),
      silent: k.deniesSilent
        ? hits
            .filter((row) => {
              for (let at = offsets[row]!; at < offsets[row + 1]!; at++) {
                if (split.has(latents[at]!) && values[at]! >= silent) return false
              }
              return true
            })
            .map((row) => ({ row, cosineOf: (latent) => cosines[latent]! }))
        : [],
      absorbed: words.filter(({ word }) => word.fraction > 0 || word.full)
    }
  })
  return {
    accuracy: accuracy(testLabels, predicted),
    train: trainRows.length,
    test: testRows.length,
    selectionGap: ranking.gap,
    perLetter
  }
}
