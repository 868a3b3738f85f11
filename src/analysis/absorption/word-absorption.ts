/**
 * Absorption of one letter in one word: formulas of SAEBench (`feature_absorption_calculator`), after Chanin et al.
 * 2409.14507. With p the letter's unit probe, c_i = cos(w_i, p), pi_i = f_i c_i for unit decoder rows, P = x . p (no
 * bias), A = sum of pi over the letter's split latents:
 *
 * * full: no split latent fires, and the latent with the largest pi has c >= 0.025 and pi / P >= 0.4, with P > 0.
 * * fraction: S = sum of the 3 largest pi > 0 among other latents with c >= 0.1. 0 if A >= P or S / P < 0.4; 1 if
 *   A <= 0; else r / (r + A) with r = min(S, P - A), within [0, 1].
 */

export interface AbsorptionThresholds {
  /** Smallest cosine of a fully absorbing latent with the probe. */
  readonly full_cosine: number
  /** Smallest cosine of a partly absorbing latent with the probe. */
  readonly fraction_cosine: number
  /** Smallest share of P that absorbers must give. */
  readonly min_share: number
  /** How many latents may absorb together. */
  readonly max_absorbers: number
}

export const saeBenchThresholds: AbsorptionThresholds = {
  full_cosine: 0.025,
  fraction_cosine: 0.1,
  min_share: 0.4,
  max_absorbers: 3
}

export interface LatentProjection {
  readonly latent: number
  readonly cosine: number
  readonly activation: number
  /** activation * cosine */
  readonly projection: number
}

export interface WordAbsorption {
  readonly fraction: number
  readonly full: boolean
  /** A */
  readonly main_projection: number
  /** Active latents by falling projection. */
  readonly ranked: ReadonlyArray<LatentProjection>
  /** The latents counted in S where the fraction is above 0, else none. */
  readonly absorbers: ReadonlyArray<number>
}

/** An activation below this is none (EPS of SAEBench and of the paper's code). */
export const silent = 1e-8

/**
 * @param active the word's active latents and their activations, for unit decoder rows
 * @param cosines c_i of every latent
 * @param projection P
 */
export const wordAbsorption = (
  active: { readonly latents: ArrayLike<number>; readonly values: ArrayLike<number> },
  cosines: ArrayLike<number>,
  projection: number,
  split: ReadonlySet<number>,
  thresholds: AbsorptionThresholds = saeBenchThresholds
): WordAbsorption => {
  const ranked = Array.from({ length: active.latents.length }, (_, n): LatentProjection => {
    const latent = active.latents[n]!
    const activation = active.values[n]!
    const cosine = cosines[latent]!
    return { latent, cosine, activation, projection: activation * cosine }
  }).toSorted((a, b) => b.projection - a.projection || a.latent - b.latent)
  const main = ranked.filter(({ latent }) => split.has(latent))
  const A = main.reduce((sum, each) => sum + each.projection, 0)

  const top = ranked[0]
  const full =
    main.every(({ activation }) => Math.abs(activation) < silent) &&
    top !== undefined &&
    top.cosine >= thresholds.full_cosine &&
    projection > 0 &&
    top.projection / projection >= thresholds.min_share

  const others = ranked
    .filter((each) => !split.has(each.latent) && each.cosine >= thresholds.fraction_cosine && each.projection > 0)
    .slice(0, thresholds.max_absorbers)
  const S = others.reduce((sum, each) => sum + each.projection, 0)
  const fraction = ((): number => {
    // P <= 0: the probe does not fire, so nothing of it can be absorbed.
    if (projection <= 0 || A >= projection || S / projection < thresholds.min_share) return 0
    if (A <= 0) return 1
    const r = Math.min(S, projection - A)
    return Math.min(1, Math.max(0, r / (r + A)))
  })()
  return {
    fraction,
    full,
    main_projection: A,
    ranked,
    absorbers: fraction > 0 ? others.map(({ latent }) => latent) : []
  }
}
