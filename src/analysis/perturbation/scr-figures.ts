/**
 * Spurious correlation removal: a probe is fitted to texts of which two attributes always go together, latents that speak for the one
 * are ablated, and how much of the way to a probe of the other attribute it then goes is measured on texts of all four kinds.
 * Source: SAEBench 0.6.0, `scr_and_tpp/main.py`, `get_scr_plotting_dict` (Karvonen et al., 2503.09532, section 3.5; SHIFT: Marks
 * et al., 2403.19647).
 */
import { alongDecoder, rankedLatents } from "./latent-effects.ts"
import { drawnMean, meanByDocument, measureTexts, rightWithout } from "./measured-texts.ts"
import { effectsOn, type ProbedClass } from "./tpp-figures.ts"

/** Where the probe of both attributes is put right: on the first, by ablating the second's latents, or the other way round. */
export interface ScrDirection {
  /** Accuracies on the measured attribute's texts: of its own probe, and of the biased one. */
  readonly clean: number
  readonly original: number
  /** Latents that speak for the ablated attribute, either way, the strongest first. */
  readonly ranked: ReadonlyArray<number>
  /** (changed - original) / (clean - original) */
  readonly ablate: (latents: ReadonlyArray<number>) => (times: ArrayLike<number>) => number
}

/**
 * @param measured the attribute that is to be told, `ablated` the other one
 * @param biased its probe alone is used
 * @param documents number of all documents
 */
export const scrDirection = (
  measured: ProbedClass,
  ablated: ProbedClass,
  biased: Pick<ProbedClass, "probe">,
  dictionary: { readonly d_sae: number; readonly W_dec: Float32Array },
  documents: number
): ScrDirection => {
  const [along, own] = [biased, ablated].map(({ probe }) => alongDecoder(probe, dictionary.W_dec)) as [
    Float64Array,
    Float64Array
  ]
  const { test } = measured
  const [told, spoilt] = [measureTexts(measured.probe, test), measureTexts(biased.probe, test)]
  const none: ReadonlySet<number> = new Set()
  const mean = (right: ReadonlyArray<number>) => meanByDocument(test, right, documents)
  const [clean, original] = [mean(rightWithout(told, none, along)), mean(rightWithout(spoilt, none, along))]
  const whole = new Float64Array(documents).fill(1)
  return {
    clean: drawnMean(clean, whole),
    original: drawnMean(original, whole),
    ranked: rankedLatents(effectsOn(ablated, own, dictionary, true)),
    ablate: (latents) => {
      const changed = mean(rightWithout(spoilt, new Set(latents), along))
      return (times) => {
        const before = drawnMean(original, times)
        return (drawnMean(changed, times) - before) / (drawnMean(clean, times) - before)
      }
    }
  }
}
