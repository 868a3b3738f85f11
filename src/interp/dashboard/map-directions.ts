/**
 * Directions as points of a plane, near ones near each other: UMAP (McInnes, Healy & Melville, arXiv 1802.03426; umap-js) of their cosine
 * distances 1 - cos. The neighbours are exact, so that only the layout is left to chance, and that is drawn from `rng`.
 */
import * as Effect from "effect/Effect"
import { UMAP } from "umap-js"
import type { Rng } from "../../random/rng.ts"
import { breathe } from "../../stage/breathe.ts"
import type { Ranked } from "./firing-together.ts"

export interface MapOptions {
  /** Smallest distance of points, in the units of the layout. */
  readonly minDist: number
  /** Passes over all pairs of neighbours. */
  readonly epochs: number
  readonly rng: Rng
  /** Called with the share of the layout that is done. */
  readonly told: (share: number) => void
}

export interface PlacedDirections {
  /** By direction, in the unit square: the longer side fills it. */
  readonly x: Float64Array<ArrayBuffer>
  readonly y: Float64Array<ArrayBuffer>
}

const inUnitSquare = (points: ReadonlyArray<ReadonlyArray<number>>): PlacedDirections => {
  const column = (axis: number) => Float64Array.from(points, (point) => point[axis] as number)
  const [x, y] = [column(0), column(1)]
  const ends = (values: Float64Array) => {
    const sorted = values.toSorted()
    return [sorted[0] ?? 0, sorted.at(-1) ?? 0] as const
  }
  const [[left, right], [low, high]] = [ends(x), ends(y)]
  const size = Math.max(right - left, high - low)
  const placed = (values: Float64Array<ArrayBuffer>, from: number, to: number) =>
    values.map((value) => (size === 0 ? 0.5 : 0.5 + (value - (from + to) / 2) / size))
  return { x: placed(x, left, right), y: placed(y, low, high) }
}

/** @param near of each direction as many of the others, nearest first, with their cosines (`nearest-directions.ts`) */
export const mapDirections = Effect.fn("mapDirections")(function* (
  near: ReadonlyArray<Ranked>,
  { epochs, minDist, rng, told }: MapOptions
) {
  // The library counts a point among its own neighbours, and wants more points than that.
  const nNeighbors = 1 + (near[0]?.[0].length ?? 0)
  if (near.length < 4) return inUnitSquare(near.map((_, i) => [i, 0]))
  const umap = new UMAP({ nNeighbors, minDist, nEpochs: epochs, random: rng.float })
  umap.setPrecomputedKNN(
    near.map(([ids], i) => [i, ...ids]),
    near.map(([, cosines]) => [0, ...cosines.map((cosine) => Math.max(0, 1 - cosine))])
  )
  umap.initializeFit(near.map(() => []))
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step()
    told((epoch + 1) / epochs)
    yield* breathe
  }
  return inUnitSquare(umap.getEmbedding())
})
