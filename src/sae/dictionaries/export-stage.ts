/** The stage export-sae. */
import * as Effect from "effect/Effect"
import { convertSae, type ConvertOptions } from "../../kinds/sae/convert-sae.ts"
import { modelCard } from "../../kinds/sae/model-card.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { isRefused } from "../../kinds/sae/latents/sae-refused.ts"

interface ExportParams extends ConvertOptions {
  readonly format: string
  readonly model_card: boolean
}

export const exportStage = Effect.fn("exportStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<ExportParams, unknown, { readonly sae: Opened<SaeHandle> }>) {
  const { artifact, value: sae } = inputs.sae
  const stored = yield* sae.stored
  const converted = convertSae(stored, params.format, { fold: params.fold })
  if (isRefused(converted)) {
    return yield* stageFailed(
      `it cannot be written as ${params.format}: ${converted.problem}`,
      "Choose another format."
    )
  }
  if (converted.dropped.length > 0) log(`${params.format} has no place for ${converted.dropped.join(", ")}`)
  for (const [name, bytes] of converted.files) yield* output.write(name, bytes)
  if (params.model_card) yield* output.write("README.md", modelCard(sae, stored.metadata, artifact.metrics))
  return { files: converted.files.size }
})
