/** Where the latents of SAEs lie on a map of their decoder directions. One file, `latent-map.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const LatentMapFile = Schema.Struct({
  format: Schema.Literal(1),
  saes: Schema.Array(
    Schema.Struct({
      digest: Schema.String,
      d_sae: Schema.Int,
      /** Ascending; those that the dashboard has. */
      latents: Schema.Array(Schema.Int),
      /** By latent, in the unit square: the longer side fills it. */
      x: Schema.Array(Schema.Finite),
      y: Schema.Array(Schema.Finite)
    })
  )
})
export type LatentMapFile = typeof LatentMapFile.Type
export type SaeMap = LatentMapFile["saes"][number]

export const latentMapFileName = "latent-map.json"

export const LatentMap = makeKind({
  name: "LatentMap",
  version: 1,
  description: "where latents lie on a map of their decoder directions",
  open: (artifact: Artifact) => readJsonFile(artifact, latentMapFileName, LatentMapFile)
})
