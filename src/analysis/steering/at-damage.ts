/** A curve of effects by multiples, read at one damage: effects of interventions are comparable only where they do equal harm. */
export type SteeredPoint = {
  readonly multiple: number
  /** KL(model as it is || steered), nats a prediction. */
  readonly kl: number
  /** Cross-entropy of the text, nats a prediction. */
  readonly ce: number
  /** Of the target token, mean over the predictions. */
  readonly probability: number
}

/**
 * Along the curve from the model as it is, by ascending multiples, straight between them, where the KL first reaches `damage`;
 * its end where it never does.
 *
 * @param points multiples above 0, ascending
 */
export const atDamage = (clean: SteeredPoint, points: ReadonlyArray<SteeredPoint>, damage: number): SteeredPoint => {
  let before = clean
  for (const point of points) {
    if (point.kl >= damage) {
      const share = (damage - before.kl) / (point.kl - before.kl)
      const between = (name: keyof SteeredPoint): number => before[name] + share * (point[name] - before[name])
      return {
        multiple: between("multiple"),
        kl: damage,
        ce: between("ce"),
        probability: between("probability")
      }
    }
    before = point
  }
  return before
}

/**
 * Logarithm of the target's mean probability by that of the model as it is, nats. Of the mean, since any damage raises the
 * logarithm of what is next to impossible, and most tokens are that at most places.
 */
export const rise = (clean: SteeredPoint, steered: SteeredPoint): number =>
  Math.log(steered.probability / clean.probability)
