/** Which size of dictionary for which task: the table that Leask et al. (2502.04878) end with. One file, `size-selection.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const SizeFigure = Schema.Struct({
  d_sae: Schema.Int,
  /** SAEs of this size: the value is their mean. */
  saes: Schema.Int,
  value: Schema.Finite,
  /** 95 %: over seeds where there are several SAEs, else the one that the single result came with; null: none. */
  interval: Schema.NullOr(Schema.Struct({ low: Schema.Finite, high: Schema.Finite }))
})

const SizedTask = Schema.Struct({
  name: Schema.String,
  metric: Schema.String,
  better: Schema.Literals(["higher", "lower", "neither"]),
  /** Smallest first. */
  sizes: Schema.Array(SizeFigure),
  /** Null where one size alone was measured, or where neither way is better. */
  best: Schema.NullOr(
    Schema.Struct({
      d_sae: Schema.Int,
      /** The size that comes next. */
      next: Schema.Int,
      /** How much better it is. */
      by: Schema.Finite,
      /** How much it could be by chance, as `differenceNoise` has it; null where a size has no interval. */
      noise: Schema.NullOr(Schema.Finite)
    })
  )
})

const SizeSelectionFile = Schema.Struct({ format: Schema.Literal(1), tasks: Schema.Array(SizedTask) })
export type SizeSelectionFile = typeof SizeSelectionFile.Type
export type SizedTask = typeof SizedTask.Type

export const sizeSelectionFileName = "size-selection.json"

export const SizeSelection = makeKind({
  name: "SizeSelection",
  version: 1,
  description: "which size of SAE is best at which task, and whether by more than the noise",
  open: (artifact: Artifact) => readJsonFile(artifact, sizeSelectionFileName, SizeSelectionFile)
})
