/** How well a yes/no prediction agrees with the truth, from the four counts of its confusion matrix. */

import type { ClassifierFields } from "../kinds/interpretations.ts"

export interface ConfusionCounts {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

export interface ClassifierScore {
  /** TP / (TP + FP); 0 where nothing was predicted. */
  readonly precision: number
  /** TP / (TP + FN). */
  readonly recall: number
  /** 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall. */
  readonly f1: number
  /** Mean of recall and specificity, TN / (TN + FP): 0.5 for any prediction that ignores the text. */
  readonly balancedAccuracy: number
}

/** @throws RangeError where there is nothing to find, or nothing to leave alone: recall or specificity is undefined. */
export const scoreClassifier = (counts: ConfusionCounts): ClassifierScore => {
  const { truePositives: tp, falsePositives: fp, falseNegatives: fn, trueNegatives: tn } = counts
  if (tp + fn === 0) throw new RangeError("no positive position: recall is undefined")
  if (tn + fp === 0) throw new RangeError("no negative position: specificity is undefined")
  const recall = tp / (tp + fn)
  return {
    precision: tp + fp === 0 ? 0 : tp / (tp + fp),
    recall,
    f1: (2 * tp) / (2 * tp + fp + fn),
    balancedAccuracy: (recall + tn / (tn + fp)) / 2
  }
}

/** As files state it. */
export const classifierRecord = (score: ConfusionCounts & ClassifierScore): ClassifierFields => ({
  true_positives: score.truePositives,
  false_positives: score.falsePositives,
  false_negatives: score.falseNegatives,
  true_negatives: score.trueNegatives,
  precision: score.precision,
  recall: score.recall,
  f1: score.f1,
  balanced_accuracy: score.balancedAccuracy
})
