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

/** Bands that are sorted one at a time: few firings of a latent are ever shown. */
const sortedBands = 64

/** Positions by activation, equal ones in their order. */
function* strongestFirst({ positions, values }: Firings, max: number): Iterable<number> {
  const bands = Array.from({ length: sortedBands }, (): Array<number> => [])
  for (let i = 0; i < values.length; i++) {
    bands[Math.min(sortedBands - 1, Math.floor((sortedBands * values[i]!) / max))]!.push(i)
  }
  for (const band of bands.toReversed()) {
    for (const i of band.toSorted((a, b) => values[b]! - values[a]! || a - b)) yield positions[i]!
  }
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
  const top = distinctEnds(stream, strongestFirst(firings, max), options.top)
  const bands = Array.from({ length: options.bands }, (_, b) => {
    const high = (options.bands - b) / options.bands
    const low = (options.bands - b - 1) / options.bands
    const members: Array<number> = []
    for (let i = 0; i < values.length; i++) {
      const share = values[i]! / max
      if (share > low && share <= high) members.push(positions[i]!)
    }
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
