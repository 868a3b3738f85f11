/** Writes an Sae artifact: a SAELens folder, `sae.json` and the training curve. */
import * as Effect from "effect/Effect"
import { openArrowWriter } from "./arrow-writer.ts"
import type { ArtifactWriter } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"
import { curveColumns } from "./curve-columns.ts"
import { saeLens } from "./formats/saelens.ts"
import { storedFromWeights } from "./formats/stored-from-weights.ts"
import { storedProblem } from "./formats/stored-sae.ts"
import type { SaeCurve, SaeInfo, SaeWeights } from "./sae.ts"

export interface SaeOutput {
  readonly weights: SaeWeights
  readonly info: Omit<SaeInfo, "activation" | "d_in" | "d_sae">
  readonly curve: SaeCurve
  /** For SAELens's `metadata`: `context_size`, `prepend_bos`, ... `hook_name` follows from `info`. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

export const writeSae = Effect.fn("writeSae")(function* (output: ArtifactWriter, sae: SaeOutput) {
  const { weights, info } = sae
  const stored = storedFromWeights(weights, { ...sae.metadata, hook_name: info.hook })
  const files = storedProblem(stored) ?? saeLens.write(stored)
  if (typeof files === "string") {
    return yield* new ArtifactError({
      reason: "invalid",
      digest: "",
      path: "sae_weights.safetensors",
      detail: `${files}, so it is not written`
    })
  }
  for (const [name, bytes] of files) yield* output.write(name, bytes)
  const curve = Object.entries(sae.curve)
  yield* output.writeJson("sae.json", { format: 1, ...info, curve: curve.map(([name]) => name) })
  const names = curve.map(([name]) => name)
  const file = yield* openArrowWriter(output, "curve.arrow", curveColumns(names))
  yield* file.append(curve[0]?.[1].length ?? 0, sae.curve)
  yield* file.close
})
