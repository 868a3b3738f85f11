/** `crosscoder.json` beside the Sae of a crosscoder: which rows stand side by side in its own, and whose its latents are. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../../artifact/artifact.ts"
import { readJsonFile } from "../../artifact/json-file.ts"

const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const CrosscoderFile = Schema.Struct({
  format: Schema.Literal(1),
  /** In the order of their columns. `model` and `activations` are digests. */
  sources: Schema.Array(
    Schema.Struct({
      hook: Schema.String,
      model: Schema.String,
      activations: Schema.String,
      d_in: count,
      /** What its rows were divided by in training; older files do not say. */
      scale: Schema.optional(Schema.Finite)
    })
  ),
  /** [latents][sources], see `analysis/source-norms.ts`. */
  shares: Schema.Array(Schema.Array(Schema.Finite)),
  /** Latents that are a source's own, by source, and those that are nobody's. */
  own: Schema.Array(count),
  shared: count
})

export type CrosscoderFile = typeof CrosscoderFile.Type

export const CROSSCODER_FILE = "crosscoder.json"

/** Undefined where the Sae is no crosscoder. */
export const readCrosscoder = (artifact: Artifact) =>
  artifact.has(CROSSCODER_FILE) ? readJsonFile(artifact, CROSSCODER_FILE, CrosscoderFile) : Effect.succeed(undefined)
