/**
 * Signs that an SAE is too poorly trained for its absorption to mean anything. Absorption takes a latent of the letter
 * that could have fired; an SAE without such latents scores low whatever it does (SAEBench's caveat).
 */

/** Below this the SAE loses more of the word's residual stream than it keeps. */
const leastVariance = 0.5
/** Below this the latents chosen for a class are wrong about as often as they are right. */
const leastF1 = 0.5

/** @returns sentences, none where nothing is suspicious */
export const undertrained = (figures: {
  /** Variance explained at the word tokens. */
  readonly ev: number
  /** Mean F1 of the classes' split latents. */
  readonly mean_split_f1: number
}): ReadonlyArray<string> => {
  const signs: Array<string> = []
  if (figures.ev < leastVariance) {
    signs.push(
      `the SAE explains ${figures.ev.toFixed(3)} of the variance at the word tokens, below ${leastVariance}: train it on ` +
        "more tokens or with more active latents"
    )
  }
  if (figures.mean_split_f1 < leastF1) {
    signs.push(
      `the latents chosen for the classes reach a mean F1 of ${figures.mean_split_f1.toFixed(3)}, below ${leastF1}: what no latent ` +
        "tracks cannot be seen to be absorbed; train longer or with more latents"
    )
  }
  return signs
}
