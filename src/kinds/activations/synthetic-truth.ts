/**
 * What rows of a synthetic world are made of: `truth.safetensors` beside the rows of an Activations artifact. `features`
 * [n, d_in] unit rows, `bias` [d_in], `probabilities` [n]; of the held-out rows, in their order, `start` [rows + 1] and, of each
 * row's firings, `feature` and `magnitude`; `parts` [p, d_in] where features are compositions; `parent` [n] where some features fire
 * only with another one (-1: with none).
 */
import * as Effect from "effect/Effect"
import type { Artifact, ArtifactWriter } from "../../artifact/artifact.ts"
import { encodeSafetensors, openSafetensors, type SafetensorsTensor } from "../../format/safetensors.ts"

export interface SyntheticTruth {
  readonly d_in: number
  readonly features: Float32Array<ArrayBuffer>
  readonly bias: Float32Array<ArrayBuffer>
  readonly probabilities: Float32Array<ArrayBuffer>
  readonly start: Int32Array<ArrayBuffer>
  readonly feature: Int32Array<ArrayBuffer>
  readonly magnitude: Float32Array<ArrayBuffer>
  readonly parts: Float32Array<ArrayBuffer> | undefined
  readonly parent: Int32Array | undefined
}

const path = "truth.safetensors"

export const writeSyntheticTruth = (output: ArtifactWriter, truth: SyntheticTruth) => {
  const { d_in } = truth
  const floats = (data: Float32Array, shape: ReadonlyArray<number>): SafetensorsTensor => ({
    dtype: "F32",
    shape,
    data
  })
  const whole = (data: Int32Array): SafetensorsTensor => ({ dtype: "I32", shape: [data.length], data })
  return output.write(
    path,
    encodeSafetensors({
      features: floats(truth.features, [truth.features.length / d_in, d_in]),
      bias: floats(truth.bias, [d_in]),
      probabilities: floats(truth.probabilities, [truth.probabilities.length]),
      start: whole(truth.start),
      feature: whole(truth.feature),
      magnitude: floats(truth.magnitude, [truth.magnitude.length]),
      ...(truth.parent === undefined ? {} : { parent: whole(truth.parent) }),
      ...(truth.parts === undefined ? {} : { parts: floats(truth.parts, [truth.parts.length / d_in, d_in]) })
    })
  )
}

/** Undefined for activations that are not of a synthetic world. Needs a scope, which closes the file. */
export const readSyntheticTruth = Effect.fn("readSyntheticTruth")(function* (artifact: Artifact) {
  if (!artifact.has(path)) return undefined
  const { entries, float32, bytes } = yield* openSafetensors(yield* artifact.open(path), path, artifact.digest)
  const whole = Effect.fnUntraced(function* (name: string) {
    const raw = yield* bytes(name)
    return new Int32Array(raw.buffer, raw.byteOffset, raw.byteLength / 4)
  })
  const truth: SyntheticTruth = {
    d_in: entries.get("bias")?.shape[0] ?? 0,
    features: yield* float32("features"),
    bias: yield* float32("bias"),
    probabilities: yield* float32("probabilities"),
    start: yield* whole("start"),
    feature: yield* whole("feature"),
    magnitude: yield* float32("magnitude"),
    parts: entries.has("parts") ? yield* float32("parts") : undefined,
    parent: entries.has("parent") ? yield* whole("parent") : undefined
  }
  return truth
})
