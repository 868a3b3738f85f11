/** The points of the plane that rows of `make-clusters` are of: `clusters.json` beside the rows of an Activations artifact. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact, ArtifactWriter } from "../../artifact/artifact.ts"
import { readJsonFile } from "../../artifact/json-file.ts"

const Place = Schema.Tuple([Schema.Finite, Schema.Finite])

const ClusterPoints = Schema.Struct({
  format: Schema.Literal(1),
  clusters: Schema.Int,
  anchors: Schema.Array(Place),
  /** By row, which is also the row's document number. */
  points: Schema.Array(Place),
  cluster: Schema.Array(Schema.Int)
})
export type ClusterPoints = typeof ClusterPoints.Type

const path = "clusters.json"

export const writeClusterPoints = (output: ArtifactWriter, points: Omit<ClusterPoints, "format">) =>
  output.writeJson(path, { format: 1, ...points })

/** Undefined for activations that are not of clusters. */
export const readClusterPoints = (artifact: Artifact) =>
  artifact.has(path) ? readJsonFile(artifact, path, ClusterPoints) : Effect.succeed(undefined)
