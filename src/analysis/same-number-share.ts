/**
 * A common start, told from its trace. Two SAEs whose decoder rows were drawn from one seed, row by row, begin with the same
 * directions at the same numbers, and much of what is then found in common (matches, splits, shared latents) is that start
 * and no property of the model. Where starts are independent, a latent's counterpart has its own number once in `among` times.
 */
export interface SameNumberShare {
  /** Share of the pairs whose two numbers are equal. */
  readonly same_number_share: number
  /** What it is where numbers mean nothing. */
  readonly same_number_chance: number
  /** More equal numbers than chance gives once in 10,000 times. */
  readonly suspicious: boolean
}

const rareness = 1e-4

/** P(X >= least) for X binomial of n trials at probability p. */
export const binomialTail = (least: number, n: number, p: number): number => {
  if (least <= 0) return 1
  if (p <= 0) return 0
  if (p >= 1) return least <= n ? 1 : 0
  let log = n * Math.log1p(-p)
  let below = 0
  for (let x = 0; x < least; x++) {
    below += Math.exp(log)
    log += Math.log((n - x) / (x + 1)) + Math.log(p) - Math.log1p(-p)
  }
  return Math.max(0, 1 - below)
}

/**
 * @param counterparts the number of the counterpart of latent 0, 1, ...; undefined where it has none
 * @param among how many numbers a counterpart could have had
 */
export const sameNumberShare = (counterparts: ReadonlyArray<number | undefined>, among: number): SameNumberShare => {
  const pairs = counterparts.flatMap((other, own) => (other === undefined || own >= among ? [] : [other === own]))
  const same = pairs.reduce((sum, equal) => sum + (equal ? 1 : 0), 0)
  return {
    same_number_share: pairs.length === 0 ? 0 : same / pairs.length,
    same_number_chance: 1 / among,
    suspicious: same > 1 && binomialTail(same, pairs.length, 1 / among) < rareness
  }
}

/** What to say of a suspicious share. @param pair what is compared: "the large SAE and the small one" */
export const commonStartWarning = (
  pair: string,
  { same_number_share, same_number_chance, suspicious }: SameNumberShare
): string | undefined =>
  suspicious
    ? `${pair} have a common start: ${(100 * same_number_share).toFixed(1)} % of the counterparts have the same number, ` +
      `${(100 * same_number_chance).toFixed(2)} % would by chance. What they have in common is partly that start: ` +
      "train one of them from another seed"
    : undefined
