/**
 * What latents have to do with a probe: the effect of one is the difference of its mean activation between the classes, times the probe
 * along its decoder row, and so the change of the mean logit that ablating it makes.
 *
 * Source: SAEBench 0.6.0, `scr_and_tpp/main.py`, `get_effects_per_class_precomputed_acts` and `select_top_n_features`. Where fewer
 * latents than asked for have an effect, all that have one are taken; there, latents without any fill the places in TPP.
 */
import type { LinearProbe } from "./linear-probe.ts"
import type { PooledCodes } from "./pooled-texts.ts"

/** A text among those of one class. */
export interface TextPlace {
  readonly codes: PooledCodes
  readonly text: number
}

/** Means over texts. */
export const meanCodes = (texts: ReadonlyArray<TextPlace>, d_sae: number): Float64Array => {
  const means = new Float64Array(d_sae)
  for (const { codes, text } of texts) {
    for (let i = codes.offsets[text]!; i < codes.offsets[text + 1]!; i++) {
      means[codes.latents[i]!]! += codes.values[i]! / texts.length
    }
  }
  return means
}

/** The probe's weights along each decoder row: [d_sae]. */
export const alongDecoder = ({ weights }: LinearProbe, W_dec: Float32Array): Float64Array => {
  const d = weights.length
  return Float64Array.from({ length: W_dec.length / d }, (_, latent) => {
    let sum = 0
    for (let i = 0; i < d; i++) sum += weights[i]! * W_dec[latent * d + i]!
    return sum
  })
}

/**
 * @param positive mean codes of the class, `negative` of the others
 * @param absolute SCR: latents of either sign; else those alone that speak for the class and fire more in it (TPP)
 */
export const latentEffects = (
  positive: Float64Array,
  negative: Float64Array,
  along: Float64Array,
  absolute: boolean
): Float64Array =>
  along.map((value, latent) => {
    const difference = positive[latent]! - negative[latent]!
    return absolute ? Math.abs(difference * value) : Math.max(difference, 0) * value
  })

/** Latents by falling effect, those that have one. */
export const rankedLatents = (effects: Float64Array): ReadonlyArray<number> =>
  Array.from(effects.keys())
    .filter((latent) => effects[latent]! > 0)
    .toSorted((a, b) => effects[b]! - effects[a]! || a - b)

/**
 * How much lower a probe's logit of a text is without some latents, whose decoder rows leave what the dictionary does not reconstruct
 * as it is. Both are linear, so the mean over tokens of the one is the other of the mean.
 *
 * @param along of the probe, as `alongDecoder` gives it
 */
export const ablatedLogit = ({ codes, text }: TextPlace, ablated: ReadonlySet<number>, along: Float64Array): number => {
  let sum = 0
  for (let i = codes.offsets[text]!; i < codes.offsets[text + 1]!; i++) {
    const latent = codes.latents[i]!
    if (ablated.has(latent)) sum += codes.values[i]! * along[latent]!
  }
  return sum
}
