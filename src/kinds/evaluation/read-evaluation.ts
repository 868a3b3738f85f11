/** Opens an Evaluation artifact. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { openArrow } from "../../format/arrow/arrow-reader.ts"
import type { Artifact } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { EvaluationHandle, LatentStatistics } from "./evaluation-handle.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { latentsColumns } from "../sae/latents-columns.ts"

const count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const rows = {
  rows: count,
  l0: Schema.Finite,
  mse: Schema.Finite,
  explained_variance: Schema.NullOr(Schema.Finite)
}

const EvaluationFile = Schema.Struct({
  format: Schema.Literal(1),
  sae: Schema.String,
  activations: Schema.NullOr(Schema.String),
  model: Schema.NullOr(Schema.String),
  hook: Schema.NullOr(Schema.String),
  hook_out: Schema.optionalKey(Schema.String),
  sources: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        hook: Schema.String,
        model: Schema.String,
        activations: Schema.String,
        explained_variance: Schema.Finite,
        mse: Schema.Finite,
        cosine: Schema.Finite,
        metrics: Schema.optionalKey(Schema.Record(Schema.String, Schema.Finite))
      })
    )
  ),
  d_in: count,
  d_sae: count,
  rows: count,
  contexts: Schema.Struct({ count, whole: count, targets: count }),
  metrics: Schema.Record(Schema.String, Schema.Finite),
  by_position: Schema.optionalKey(Schema.Array(Schema.Struct({ first: count, last: count, ...rows }))),
  by_token_frequency: Schema.optionalKey(
    Schema.Array(Schema.Struct({ above: Schema.Finite, to: Schema.Finite, ...rows }))
  ),
  density_histogram: Schema.Struct({ edges: Schema.Array(Schema.Finite), counts: Schema.Array(count) }),
  dead_latents: count,
  dense_latents: count
})

export const readEvaluation = Effect.fn("readEvaluation")(function* (artifact: Artifact) {
  const { format: _, ...info } = yield* readJsonFile(artifact, "evaluation.json", EvaluationFile)
  const path = "latents.arrow"
  const latents = Effect.scoped(
    Effect.gen(function* () {
      const file = yield* openArrow(yield* artifact.open(path), latentsColumns, path, artifact.digest)
      const { rows: found, values } = yield* file.readBatch(0)
      if (found !== info.d_sae) {
        const detail = `it has ${found} latents, evaluation.json says ${info.d_sae}`
        return yield* new ArtifactError({ reason: "invalid", digest: artifact.digest, path, detail })
      }
      const statistics: LatentStatistics = values
      return statistics
    })
  )
  const handle: EvaluationHandle = { ...info, digest: artifact.digest, unmeasured: artifact.unmeasured, latents }
  return handle
})
