/** Writes an Evaluation artifact. */
import * as Effect from "effect/Effect"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import type { EvaluationInfo, LatentStatistics } from "./evaluation-handle.ts"
import { latentsColumns } from "../sae/latents-columns.ts"

export const writeEvaluation = Effect.fn("writeEvaluation")(function* (
  output: ArtifactWriter,
  info: EvaluationInfo,
  latents: LatentStatistics
) {
  yield* output.writeJson("evaluation.json", { format: 1, ...info })
  const file = yield* openArrowWriter(output, "latents.arrow", latentsColumns)
  yield* file.append(info.d_sae, { density: latents.density, mean_active: latents.mean_active, max: latents.max })
  yield* file.close
})
