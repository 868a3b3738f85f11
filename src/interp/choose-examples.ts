/** Which firings of a latent are shown: the strongest, and some from every band of activation below. */
import type { Rng } from "../random/rng.ts"
import { distinctEnds } from "./choose-firings.ts"
import type { Firings } from "./firings.ts"
import type { TokenStream } from "./token-stream.ts"

export interface ExampleBand {
  /** Shares of the maximum: activations in (low, high]. */
  readonly low: number
  readonly high: number
  readonly positions: ReadonlyArray<number>
}

export interface ChosenExamples {
  readonly top: ReadonlyArray<number>
  readonly bands: ReadonlyArray<ExampleBand>
}

/** Strongest first; examples with the same last tokens are shown once. Random within a band. */
export const chooseExamples = (
  stream: TokenStream,
  firings: Firings,
  max: number,
  options: { readonly top: number; readonly bands: number; readonly perBand: number },
  rng: Rng
): ChosenExamples => {
  const { positions, values } = firings
  const byStrength = [...positions.keys()].toSorted((a, b) => (values[b] as number) - (values[a] as number) || a - b)
  const top = distinctEnds(
    stream,
    byStrength.map((i) => positions[i] as number),
    options.top
  )
  const bands = Array.from({ length: options.bands }, (_, b) => {
    const high = (options.bands - b) / options.bands
    const low = (options.bands - b - 1) / options.bands
    const members = positions.filter((_p, i) => {
      const share = (values[i] as number) / max
      return share > low && share <= high
    })
    const drawn = Array.from(rng.permutation(members.length), (i) => members[i] as number)
    return { low, high, positions: distinctEnds(stream, drawn, options.perBand) }
  })
  return { top, bands }
}

/** Firings by activation, in `bins` equal bins over (0, max]. */
export const activationHistogram = (firings: Firings, max: number, bins: number): ReadonlyArray<number> => {
  const counts = Array.from({ length: bins }, () => 0)
  for (const value of firings.values) {
    const bin = Math.min(bins - 1, Math.floor((value / max) * bins))
    counts[bin] = (counts[bin] as number) + 1
  }
  return counts
}
