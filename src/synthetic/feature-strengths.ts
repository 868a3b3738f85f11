/**
 * Worlds that differ in some features alone: one lacks them, or has them weaker. With one seed they have the same directions and fire in
 * the same rows, as a base model and a chat model do on one text.
 */
import * as Rng from "../random/rng.ts"
import type { Firing } from "./firing.ts"

export interface StrengthSettings {
  /** Shares of the features, drawn at random. */
  readonly absent: number
  readonly weak: number
  readonly weak_factor: number
  readonly seed: number
}

/** Of each feature, what its magnitudes are multiplied by: 0 where it is absent. */
export const featureStrengths = (
  count: number,
  { absent, weak, weak_factor, seed }: StrengthSettings
): Float64Array => {
  const strength = new Float64Array(count).fill(1)
  const order = Rng.make(seed, "weaker features").permutation(count)
  const [none, less] = [Math.round(absent * count), Math.round((absent + weak) * count)]
  for (const id of order.subarray(0, none)) strength[id] = 0
  for (const id of order.subarray(none, less)) strength[id] = weak_factor
  return strength
}

/** A row without its absent features, and with its weak ones weaker. */
export const weakened = ({ features, magnitudes }: Firing, strength: Float64Array): Firing => {
  const there = [...features.keys()].filter((n) => strength[features[n]!]! > 0)
  return {
    features: there.map((n) => features[n]!),
    magnitudes: there.map((n) => magnitudes[n]! * strength[features[n]!]!)
  }
}
