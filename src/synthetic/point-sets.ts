/**
 * Sets of points in the plane whose clusters are known. `blobs` (5) and `grid` (18 of 6 x 3) are those of the published
 * experiment; the two others of it are not described well enough to be made again, and `ring` (8 on a circle) and `nested`
 * (9, in three groups of three) stand in their place.
 */
import type { Rng } from "../random/rng.ts"

export const pointSets = ["blobs", "grid", "ring", "nested"] as const
export type PointSet = (typeof pointSets)[number]

export type Place = readonly [x: number, y: number]

const onCircle = (count: number, radius: number, [x, y]: Place = [0, 0], turn = 0): ReadonlyArray<Place> =>
  Array.from({ length: count }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / count
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)] as const
  })

/** Centres of the clusters, all within the square from -1 to 1. */
export const clusterCentres = (set: PointSet): ReadonlyArray<Place> => {
  switch (set) {
    case "blobs":
      return [[0, 0], ...onCircle(4, 0.85, [0, 0], Math.PI / 4)]
    case "grid":
      return Array.from({ length: 18 }, (_, i) => [((i % 6) - 2.5) / 2.75, (Math.floor(i / 6) - 1) * 0.7] as const)
    case "ring":
      return onCircle(8, 0.85)
    case "nested":
      return onCircle(3, 0.65, [0, 0], Math.PI / 2).flatMap((centre) => onCircle(3, 0.22, centre))
  }
}

export interface ClusteredPoints {
  readonly points: ReadonlyArray<Place>
  /** Of each point: whose it is. */
  readonly cluster: ReadonlyArray<number>
}

/**
 * Points about the centres, normal in both directions. Clusters are equally large, but for what does not divide.
 *
 * @param deviation of a point from its centre, in each direction
 */
export const clusteredPoints = (
  centres: ReadonlyArray<Place>,
  count: number,
  deviation: number,
  rng: Rng
): ClusteredPoints => {
  const cluster = Array.from({ length: count }, (_, i) => i % centres.length)
  const points = cluster.map((of) => {
    const [x, y] = centres[of] as Place
    return [x + deviation * rng.normal(), y + deviation * rng.normal()] as const
  })
  return { points, cluster }
}

/** Distance of each point to each anchor, [points, anchors]. */
export const distances = (points: ReadonlyArray<Place>, anchors: ReadonlyArray<Place>): Float32Array<ArrayBuffer> =>
  Float32Array.from(points.flatMap(([x, y]) => anchors.map(([a, b]) => Math.hypot(x - a, y - b))))
