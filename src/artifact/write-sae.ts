/** Writes an Sae artifact: a SAELens folder, `sae.json` and the training curve. */
import * as Effect from "effect/Effect"
import { openArrowWriter } from "./arrow-writer.ts"
import type { ArtifactWriter } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"
import { curveColumns } from "./curve-columns.ts"
import { saeLensConfig } from "./saelens-config.ts"
import type { SaeCurve, SaeInfo, SaeWeights } from "./sae.ts"
import { encodeSafetensors } from "./safetensors.ts"

export interface SaeOutput {
  readonly weights: SaeWeights
  readonly info: Omit<SaeInfo, "activation" | "d_in" | "d_sae">
  readonly curve: SaeCurve
  /** For SAELens's `metadata`: `context_size`, `prepend_bos`, ... `hook_name` follows from `info`. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

export const writeSae = Effect.fn("writeSae")(function* (output: ArtifactWriter, sae: SaeOutput) {
  const { weights, info } = sae
  const { d_in, d_sae } = weights
  const tensors = {
    W_enc: { dtype: "F32", shape: [d_in, d_sae], data: weights.W_enc },
    W_dec: { dtype: "F32", shape: [d_sae, d_in], data: weights.W_dec },
    b_enc: { dtype: "F32", shape: [d_sae], data: weights.b_enc },
    b_dec: { dtype: "F32", shape: [d_in], data: weights.b_dec },
    ...(weights.threshold === undefined
      ? {}
      : { threshold: { dtype: "F32", shape: [d_sae], data: weights.threshold } as const })
  } as const
  for (const [name, { data }] of Object.entries(tensors)) {
    if (!data.every(Number.isFinite)) {
      return yield* new ArtifactError({
        reason: "invalid",
        digest: "",
        path: "sae_weights.safetensors",
        detail: `${name} holds NaN or infinite numbers, so it is not written`
      })
    }
  }
  yield* output.writeJson("cfg.json", saeLensConfig(weights, { ...sae.metadata, hook_name: info.hook }))
  yield* output.write("sae_weights.safetensors", encodeSafetensors(tensors))
  const curve = Object.entries(sae.curve)
  yield* output.writeJson("sae.json", { format: 1, ...info, curve: curve.map(([name]) => name) })
  const names = curve.map(([name]) => name)
  const file = yield* openArrowWriter(output, "curve.arrow", curveColumns(names))
  yield* file.append(curve[0]?.[1].length ?? 0, sae.curve)
  yield* file.close
})
