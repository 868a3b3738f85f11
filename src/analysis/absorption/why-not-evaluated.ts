/** Why a letter, or another class of words, does not count in the means over them. */
import type { AbsorptionFile, AbsorptionLetter } from "../../kinds/absorption.ts"
import { leastOfLetter } from "./unfit-words.ts"

/** @returns undefined where it counts */
export const whyNotEvaluated = (
  { evaluated, known_words: words, probe_f1: f1 }: AbsorptionLetter,
  { min_probe_f1: least }: Pick<AbsorptionFile["settings"], "min_probe_f1">
): string | undefined => {
  if (evaluated) return undefined
  if (words === 0) return "no words"
  if (words < leastOfLetter) return `${words} of ${leastOfLetter} words`
  return f1 > least
    ? "the probe gets none of its test words right"
    : `the probe's F1 is ${f1.toFixed(3)}, not above ${least}`
}
