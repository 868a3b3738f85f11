/**
 * Whether one latent has absorbed a letter in a word, by what ablating latents does (Chanin et al. 2409.14507; thresholds and
 * order of its code, sae-spelling, `FeatureAbsorptionCalculator`). Asked of words whose letter the probe gets right and on which
 * all of the letter's own latents are silent: absorbed where the latent with the largest effect by magnitude
 *
 * * works for the right letter (its effect is not above 0),
 * * stands out: its |effect| is at least 1 logit above that of the second,
 * * points along the letter's probe: decoder cosine >= 0.025.
 */

export interface AblationThresholds {
  /** By how much the largest |effect| must exceed the second, in units of the logits. */
  readonly effect_gap: number
  /** Smallest decoder cosine of an absorbing latent with the probe. */
  readonly full_cosine: number
}

export const paperThresholds: AblationThresholds = { effect_gap: 1, full_cosine: 0.025 }

export interface LatentEffect {
  readonly latent: number
  /** Change of the metric by ablating it: negative where it works for the right letter. */
  readonly effect: number
  readonly cosine: number
  readonly activation: number
}

export interface AblationVerdict {
  readonly absorbed: boolean
  /** Active latents by falling |effect|. */
  readonly ranked: ReadonlyArray<LatentEffect>
  /** Sum of the effects of all latents. */
  readonly total: number
}

/**
 * @param active the word's active latents and their activations
 * @param effects in the order of the active latents
 * @param cosineOf decoder cosine of a latent with the letter's probe
 */
export const ablationVerdict = (
  active: { readonly latents: ArrayLike<number>; readonly values: ArrayLike<number> },
  effects: ArrayLike<number>,
  cosineOf: (latent: number) => number,
  thresholds: AblationThresholds = paperThresholds
): AblationVerdict => {
  const ranked = Array.from({ length: active.latents.length }, (_, n): LatentEffect => {
    const latent = active.latents[n]!
    return { latent, effect: effects[n]!, cosine: cosineOf(latent), activation: active.values[n]! }
  }).toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect) || a.latent - b.latent)
  const [top, second] = ranked
  return {
    absorbed:
      top !== undefined &&
      top.effect <= 0 &&
      // A latent that is silent has no effect: so has the second where only one fires.
      Math.abs(top.effect) - Math.abs(second?.effect ?? 0) >= thresholds.effect_gap &&
      top.cosine >= thresholds.full_cosine,
    ranked,
    total: ranked.reduce((sum, { effect }) => sum + effect, 0)
  }
}
