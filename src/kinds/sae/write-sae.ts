/** Writes an Sae artifact: a SAELens folder, `sae.json` and the training curve. */
import * as Effect from "effect/Effect"
import { openArrowWriter } from "../../format/arrow/arrow-writer.ts"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { curveColumns } from "./curve-columns.ts"
import { encodeSaeLens } from "./formats/saelens.ts"
import { storedFromWeights } from "./stored/stored-from-weights.ts"
import { storedProblem } from "./stored/stored-sae.ts"
import type { StoredSae } from "./stored/stored-sae.ts"
import type { SaeInfo, SaeWeights } from "./stored/sae-weights.ts"
import type { SaeCurve } from "./sae-handle.ts"
import { cannotWrite, isRefused } from "./latents/sae-refused.ts"

export interface SaeOutput {
  readonly weights: SaeWeights
  readonly info: Omit<SaeInfo, "activation" | "d_in" | "d_sae">
  readonly curve: SaeCurve
  /** For SAELens's `metadata`: `context_size`, `prepend_bos`, ... `hook_name` follows from `info`. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

export const writeSae = (output: ArtifactWriter, sae: SaeOutput) =>
  writeStoredSae(
    output,
    storedFromWeights(sae.weights, { ...sae.metadata, hook_name: sae.info.hook }),
    sae.info,
    sae.curve
  )

/**
 * Fails, and writes nothing, where a folder laid out as SAELens does cannot hold the SAE. What SAELens itself does not have
 * (GroupMax, a transcoder with TopK latents) is written under a name that it refuses.
 */
export const writeStoredSae = Effect.fn("writeSae")(function* (
  output: ArtifactWriter,
  stored: StoredSae,
  info: SaeOutput["info"],
  curve: SaeCurve = {}
) {
  const problem = storedProblem(stored)
  const files = problem === undefined ? encodeSaeLens(stored) : cannotWrite(problem)
  if (isRefused(files)) {
    return yield* new ArtifactError({
      reason: "invalid",
      digest: "",
      path: "sae_weights.safetensors",
      detail: `${files.problem}, so it is not written`
    })
  }
  for (const [name, bytes] of files) yield* output.write(name, bytes)
  const { architecture, k, hook, model, activations, rows, training } = info
  const names = Object.keys(curve)
  const own = { format: 1, architecture, k, hook, model, activations, rows, training, curve: names }
  yield* output.writeJson("sae.json", own)
  if (names.length === 0) return
  const file = yield* openArrowWriter(output, "curve.arrow", curveColumns(names))
  yield* file.append((curve[names[0] as string] as Float64Array).length, curve)
  yield* file.close
})
