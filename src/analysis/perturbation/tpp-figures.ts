/**
 * Targeted probe perturbation: latents that speak for a class are ablated, and its probe should lose accuracy, those of other classes
 * none. Source: SAEBench 0.6.0, `scr_and_tpp/main.py`, `create_tpp_plotting_dict` (Karvonen et al., 2503.09532, section 3.5; Marks
 * et al., 2403.19647). A probe is tested on the same texts before and after: there, other negatives are drawn each time.
 */
import type { LabelledTexts } from "./class-texts.ts"
import { alongDecoder, latentEffects, meanCodes, rankedLatents } from "./latent-effects.ts"
import type { LinearProbe } from "./linear-probe.ts"
import {
  type DocumentMean,
  drawnMean,
  type MeasuredTexts,
  meanByDocument,
  measureTexts,
  rightWithout
} from "./measured-texts.ts"

/** One class: its probe, what it is fitted to, what it is tested on. */
export interface ProbedClass {
  readonly probe: LinearProbe
  readonly train: LabelledTexts
  readonly test: LabelledTexts
}

interface Dictionary {
  readonly d_sae: number
  readonly W_dec: Float32Array
}

/** Falls of accuracy, whole numbers of one: `total` is `intended` less `unintended`. */
export interface Perturbation {
  readonly total: number
  readonly intended: number
  readonly unintended: number
}

export interface PerturbedProbes {
  /** Accuracy of each class's probe with nothing ablated. */
  readonly clean: ReadonlyArray<number>
  /** Latents that speak for each class, the strongest first. */
  readonly ranked: ReadonlyArray<ReadonlyArray<number>>
  /** With these latents of each class ablated. */
  readonly ablate: (latents: ReadonlyArray<ReadonlyArray<number>>) => (times: ArrayLike<number>) => Perturbation
}

const half = ({ texts, positive }: LabelledTexts, wanted: boolean) => texts.filter((_, n) => positive[n] === wanted)

/** Effects of latents on a probe, from the texts that it is fitted to. */
export const effectsOn = (
  { train }: Pick<ProbedClass, "train">,
  along: Float64Array,
  { d_sae }: Dictionary,
  absolute: boolean
): Float64Array =>
  latentEffects(meanCodes(half(train, true), d_sae), meanCodes(half(train, false), d_sae), along, absolute)

/** @param documents number of all documents */
export const perturbedProbes = (
  classes: ReadonlyArray<ProbedClass>,
  dictionary: Dictionary,
  documents: number
): PerturbedProbes => {
  const alongs = classes.map(({ probe }) => alongDecoder(probe, dictionary.W_dec))
  const measured = classes.map(({ probe, test }) => measureTexts(probe, test))
  const none: ReadonlySet<number> = new Set()
  const clean = measured.map((each, e) => rightWithout(each, none, alongs[e]!))
  const others = classes.length - 1
  return {
    clean: clean.map((right) => right.reduce((sum, each) => sum + each, 0) / right.length),
    ranked: classes.map((each, c) => rankedLatents(effectsOn(each, alongs[c]!, dictionary, false))),
    ablate: (latents) => {
      // Falls of a probe's accuracy text by text, where its own class's latents are ablated, and the mean where another one's are.
      const falls = (each: MeasuredTexts, e: number): { readonly own: DocumentMean; readonly other: DocumentMean } => {
        const own = each.logits.map(() => 0)
        const other = each.logits.map(() => 0)
        for (const [a, chosen] of latents.entries()) {
          for (const [n, right] of rightWithout(each, new Set(chosen), alongs[e]!).entries()) {
            const fall = clean[e]![n]! - right
            if (a === e) own[n] = fall
            else other[n]! += fall / others
          }
        }
        const mean = (values: ReadonlyArray<number>) => meanByDocument(each.texts, values, documents)
        return { own: mean(own), other: mean(other) }
      }
      const found = measured.map(falls)
      return (times) => {
        const over = (which: "own" | "other") =>
          found.reduce((sum, each) => sum + drawnMean(each[which], times), 0) / classes.length
        const [intended, unintended] = [over("own"), over("other")]
        return { total: intended - unintended, intended, unintended }
      }
    }
  }
}
