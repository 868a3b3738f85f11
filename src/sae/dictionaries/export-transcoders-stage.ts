/** The stage export-transcoders: transcoders of all MLPs as the folder that circuit-tracer loads. */
import * as Effect from "effect/Effect"
import { convertSae } from "../../kinds/sae/convert-sae.ts"
import { isRefused } from "../../kinds/sae/latents/sae-refused.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"

export const exportTranscodersStage = Effect.fn("exportTranscodersStage")(function* ({
  inputs,
  params,
  output
}: StageContext<
  { readonly model_name: string; readonly fold: boolean },
  unknown,
  { readonly transcoders: ReadonlyArray<Opened<SaeHandle>> }
>) {
  const written = new Set<string>()
  const widths = new Set<number>()
  const skips = new Set<boolean>()
  for (const { value } of inputs.transcoders) {
    const stored = yield* value.stored
    const what = `the transcoder of ${String(value.hook)}`
    const converted = convertSae(stored, "circuit_tracer", { fold: params.fold })
    if (isRefused(converted)) return yield* stageFailed(`${what}: ${converted.problem}`, "Give another one.")
    for (const [name, bytes] of converted.files) {
      if (written.has(name)) return yield* stageFailed(`${what} is the second of ${name}`, "Give one for each layer.")
      written.add(name)
      yield* output.write(name, bytes)
    }
    widths.add(stored.d_sae)
    skips.add(stored.W_skip !== undefined)
  }
  // circuit-tracer asks the first one for all: it asserts equal widths, and takes every skip connection for the first one's.
  const missing = Array.from({ length: written.size }, (_, layer) => layer).find(
    (layer) => !written.has(`layer_${layer}.safetensors`)
  )
  if (missing !== undefined) {
    return yield* stageFailed(`layer ${missing} has no transcoder`, "Give one for each layer, from the first on.")
  }
  if (widths.size > 1) {
    return yield* stageFailed(
      `circuit-tracer wants one width for all layers, these have ${[...widths].join(", ")} latents`,
      "Train them with one d_sae."
    )
  }
  if (skips.size > 1) {
    return yield* stageFailed("some have a skip connection and some have none", "Give those with, or those without.")
  }
  yield* output.write(
    "config.yaml",
    [
      `model_name: ${JSON.stringify(params.model_name)}`,
      "model_kind: transcoder_set",
      "feature_input_hook: mlp.hook_in",
      "feature_output_hook: hook_mlp_out",
      ""
    ].join("\n")
  )
  return { files: written.size + 1 }
})
