/** One transcoder for each MLP of a model, in the order of the layers; anything else is refused by name. */
import * as Effect from "effect/Effect"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { findHook } from "../../model/hook-name.ts"
import type { ModelInfo } from "../../model/decoder/model-info.ts"
import { openSaeModel, type SaeModel } from "../../sae/sae-model.ts"
import { stageFailed } from "../../stage/stage-failed.ts"

export interface MlpTranscoder {
  /** Hook that it reads, `blocks.L.mlp.hook_in` or the residual stream before it; it gives `blocks.L.hook_mlp_out`. */
  readonly reads: string
  readonly weights: SaeWeights
  readonly model: SaeModel
}

const remedy = "Give one transcoder for each layer, trained to give blocks.L.hook_mlp_out (pipelines/transcoders.yaml)."

const layerOf = (hook: unknown): number | undefined => {
  const layer = typeof hook === "string" ? /^blocks\.(\d+)\.hook_mlp_out$/.exec(hook)?.[1] : undefined
  return layer === undefined ? undefined : Number(layer)
}

/** Disposed of with the scope. */
export const openTranscoders = Effect.fn("openTranscoders")(function* (
  handles: ReadonlyArray<Pick<SaeHandle, "hook" | "stored" | "anyWeights" | "d_in" | "d_out">>,
  info: ModelInfo
) {
  const set: Array<MlpTranscoder | undefined> = Array.from({ length: info.n_layers }, () => undefined)
  for (const { hook, stored, anyWeights, d_in, d_out } of handles) {
    const gives = (yield* stored).metadata["hook_name_out"]
    const layer = layerOf(gives)
    if (d_out === null || layer === undefined || hook === null) {
      const what =
        d_out === null ? `an SAE of ${String(hook)}` : `a transcoder from ${String(hook)} to ${String(gives)}`
      return yield* stageFailed(`${what} takes no MLP's place`, remedy)
    }
    const found = findHook(hook, info)
    if (typeof found === "string") return yield* stageFailed(found, remedy)
    if (layer >= info.n_layers || found.width !== d_in || d_out !== info.d_model) {
      return yield* stageFailed(
        `the transcoder of ${hook} [${d_in}] to ${String(gives)} [${d_out}] is none of this model, which has ${info.n_layers} layers of width ${info.d_model}`,
        remedy
      )
    }
    if (found.layer !== layer || !/\.(mlp\.hook_in|hook_resid_mid|hook_resid_pre)$/.test(hook)) {
      return yield* stageFailed(`the transcoder to ${String(gives)} reads ${hook}, which its MLP does not`, remedy)
    }
    if (set[layer] !== undefined) return yield* stageFailed(`layer ${layer} has two transcoders`, remedy)
    const weights = yield* anyWeights
    if (weights.normalize !== undefined) {
      return yield* stageFailed(
        `the transcoder of layer ${layer} normalises its rows (${weights.normalize}): what it computes is no sum over what it reads`,
        "Give one that takes rows as they are."
      )
    }
    set[layer] = { reads: hook, weights, model: yield* openSaeModel(weights) }
  }
  const missing = set.findIndex((transcoder) => transcoder === undefined)
  if (missing !== -1) return yield* stageFailed(`layer ${missing} has no transcoder`, remedy)
  return set as ReadonlyArray<MlpTranscoder>
})
