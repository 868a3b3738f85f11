/** The stage export-sae. */
import * as Effect from "effect/Effect"
import { convertSae, type ConvertOptions } from "../../kinds/sae/convert-sae.ts"
import { modelCard } from "../../kinds/sae/model-card.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { isRefused } from "../../kinds/sae/latents/sae-refused.ts"

interface ExportParams extends ConvertOptions {
  readonly format: string
  readonly model_name: string | null
  readonly model_card: boolean
}

export const exportStage = Effect.fn("exportStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<ExportParams, unknown, { readonly sae: Opened<SaeHandle> }>) {
  const { artifact, value: sae } = inputs.sae
  const own = yield* sae.stored
  const { model_name } = params
  const named = own.metadata["model_name"] ?? null
  if (model_name !== null && named !== null && named !== model_name) {
    return yield* stageFailed(
      `model_name is ${JSON.stringify(model_name)}, but the SAE says that it is of ${JSON.stringify(named)}`,
      "Leave model_name out."
    )
  }
  const stored = model_name === null ? own : { ...own, metadata: { ...own.metadata, model_name } }
  const converted = convertSae(stored, params.format, { fold: params.fold })
  if (isRefused(converted)) {
    return yield* stageFailed(
      `it cannot be written as ${params.format}: ${converted.problem}`,
      "Choose another format."
    )
  }
  if (model_name !== null && converted.dropped.includes("model_name")) {
    return yield* stageFailed(`${params.format} has no place for model_name`, "Leave it out, or choose another format.")
  }
  if (converted.dropped.length > 0) log(`${params.format} has no place for ${converted.dropped.join(", ")}`)
  for (const [name, bytes] of converted.files) yield* output.write(name, bytes)
  if (params.model_card) yield* output.write("README.md", modelCard(sae, stored.metadata, artifact.metrics))
  return { files: converted.files.size }
})
