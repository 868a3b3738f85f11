/** The stage export-sae. */
import * as Effect from "effect/Effect"
import { convertSae, type ConvertOptions } from "../../kinds/sae/convert-sae.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { isRefused } from "../../kinds/sae/latents/sae-refused.ts"

interface ExportParams extends ConvertOptions {
  readonly format: string
}

export const exportStage = Effect.fn("exportStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<ExportParams, unknown, { readonly sae: Opened<SaeHandle> }>) {
  const converted = convertSae(yield* inputs.sae.value.stored, params.format, { fold: params.fold })
  if (isRefused(converted)) {
    return yield* stageFailed(
      `it cannot be written as ${params.format}: ${converted.problem}`,
      "Choose another format."
    )
  }
  if (converted.dropped.length > 0) log(`${params.format} has no place for ${converted.dropped.join(", ")}`)
  for (const [name, bytes] of converted.files) yield* output.write(name, bytes)
  return { files: converted.files.size }
})
