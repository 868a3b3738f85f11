/** Named tensors of a model, whatever file format they stand in. */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"

export interface WeightEntry {
  /** The type's name in its file format. */
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  /** The type is one of blocks of small integers with scales. */
  readonly quantized?: boolean
  /** Where its bytes stand, in a format in which two tensors may be one: equal places hold equal numbers. */
  readonly place?: string
}

/** Rows of a matrix as a file has them, in one of GGML's types. */
export interface PackedRows {
  /** GGML's number of the type. */
  readonly type: number
  readonly rows: number
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface WeightTensors {
  readonly entries: ReadonlyMap<string, WeightEntry>
  /** The tensor as f32, row-major. Fails where it is no float, or is missing. */
  readonly float32: (name: string) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
  /**
   * The rows of a tensor of two axes or more as the file has them; undefined where f32 takes no more room. Missing in formats that
   * have no such types.
   */
  readonly packed?: (name: string) => Effect.Effect<PackedRows | undefined, ArtifactError>
  /** The tensor as it is stored, where the file format keeps each by itself. */
  readonly bytes?: (name: string) => Effect.Effect<Uint8Array<ArrayBuffer>, ArtifactError>
}

/** Of a format that has such types. */
export type PackedWeights = WeightTensors & Required<Pick<WeightTensors, "packed">>

/** A file of several that make one model. */
export interface WeightPart {
  /** Name of the file, for messages. */
  readonly path: string
  readonly weights: WeightTensors
}

/** Several files as one; or, where a tensor stands in two of them, a sentence that says so. */
export const mergeWeights = (parts: ReadonlyArray<WeightPart>): PackedWeights | string => {
  const owners = new Map<string, WeightPart>()
  const entries = new Map<string, WeightEntry>()
  for (const part of parts) {
    for (const [name, entry] of part.weights.entries) {
      const other = owners.get(name)
      if (other !== undefined) return `${name} stands in ${other.path} and in ${part.path}`
      owners.set(name, part)
      entries.set(name, entry)
    }
  }
  const of = (name: string): WeightTensors => ((owners.get(name) ?? parts[0]) as WeightPart).weights
  const float32: WeightTensors["float32"] = (name) => of(name).float32(name)
  const packed: PackedWeights["packed"] = (name) => of(name).packed?.(name) ?? Effect.succeed(undefined)
  if (parts.some(({ weights }) => weights.bytes === undefined)) return { entries, float32, packed }
  return { entries, float32, packed, bytes: (name) => (of(name).bytes as NonNullable<WeightTensors["bytes"]>)(name) }
}
