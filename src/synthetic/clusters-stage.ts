/** The stage make-clusters: points of the plane, as their distances to anchors. */
import * as Effect from "effect/Effect"
import { importActivations } from "../activations/import-activations.ts"
import { writeClusterPoints } from "../kinds/activations/cluster-points.ts"
import * as Rng from "../random/rng.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { clusterCentres, clusteredPoints, distances, type PointSet } from "./point-sets.ts"

export interface ClustersParams {
  readonly set: PointSet
  readonly points: number
  readonly anchors: number
  readonly deviation: number
  readonly held_out_fraction: number
  readonly seed: number
}

export const clustersStage = Effect.fn("clustersStage")(function* ({
  params,
  output,
  log
}: StageContext<ClustersParams, unknown, {}>) {
  const { set, points: count, anchors: wanted, deviation, held_out_fraction, seed } = params
  const centres = clusterCentres(set)
  const { points, cluster } = clusteredPoints(centres, count, deviation, Rng.make(seed, "points of clusters"))
  const draw = Rng.make(seed, "anchors")
  const anchors = Array.from({ length: wanted }, () => [2 * draw.float() - 1, 2 * draw.float() - 1] as const)
  const imported = yield* importActivations({ rows: count, d_in: wanted, values: distances(points, anchors) }, output, {
    hook: `distances of ${set}`,
    held_out_fraction,
    seed,
    source: "clusters"
  })
  yield* writeClusterPoints(output, { clusters: centres.length, anchors, points, cluster })
  log(`${count} points in ${centres.length} clusters, as distances to ${wanted} anchors`)
  return { ...imported, clusters: centres.length }
}, Effect.scoped)
