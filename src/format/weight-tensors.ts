/** Named tensors of a model, whatever file format they stand in. */
import type * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"

export interface WeightEntry {
  /** The type's name in its file format. */
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  /** The type is one of blocks of small integers with scales. */
  readonly quantized?: boolean
}

export interface WeightTensors {
  readonly entries: ReadonlyMap<string, WeightEntry>
  /** The tensor as f32, row-major. Fails where it is no float, or is missing. */
  readonly float32: (name: string) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
}
