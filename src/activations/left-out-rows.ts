/** Tokens of a capture that have no row: those of no document, and outliers by their norm, which are listed. */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ArtifactWriter } from "../artifact/artifact.ts"
import { openArrowWriter } from "../format/arrow/arrow-writer.ts"
import { outliersBatchRows, outliersColumns, outliersPath } from "../kinds/activations/outliers-columns.ts"
import type { CheckpointState } from "../stage/checkpoint.ts"

export interface LeftOutRows {
  readonly addMasked: () => void
  /** @param position of the token in the text @param ratio of its norm to the median */
  readonly addOutlier: (position: number, ratio: number) => void
  /** Tokens of no document. */
  readonly masked: () => number
  readonly outliers: () => number
  /** What a checkpoint keeps, beside the count of masked tokens. */
  readonly tensors: () => CheckpointState["tensors"]
  /** Lists the outliers; where there are none, writes nothing. */
  readonly write: (output: ArtifactWriter) => Effect.Effect<void, ArtifactError>
}

/** @param begun what `masked` and `tensors` gave */
export const makeLeftOutRows = (begun?: {
  readonly masked: number
  readonly tensors: CheckpointState["tensors"]
}): LeftOutRows => {
  const positions: Array<number> = [...(begun?.tensors["outlier_positions"] ?? [])]
  const ratios: Array<number> = [...(begun?.tensors["outlier_ratios"] ?? [])]
  let masked = begun?.masked ?? 0
  return {
    addMasked: () => void (masked += 1),
    addOutlier: (position, ratio) => {
      positions.push(position)
      ratios.push(ratio)
    },
    masked: () => masked,
    outliers: () => positions.length,
    tensors: () => ({ outlier_positions: Int32Array.from(positions), outlier_ratios: Float32Array.from(ratios) }),
    write: (output) => writeOutliers(output, positions, ratios)
  }
}

const writeOutliers = Effect.fnUntraced(function* (
  output: ArtifactWriter,
  positions: ReadonlyArray<number>,
  ratios: ReadonlyArray<number>
) {
  if (positions.length === 0) return
  const file = yield* openArrowWriter(output, outliersPath, outliersColumns)
  for (let at = 0; at < positions.length; at += outliersBatchRows) {
    const position = Int32Array.from(positions.slice(at, at + outliersBatchRows))
    yield* file.append(position.length, {
      position,
      ratio: Float32Array.from(ratios.slice(at, at + outliersBatchRows))
    })
  }
  yield* file.close
}, Effect.scoped)
