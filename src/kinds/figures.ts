/**
 * Curves and tables of one analysis, as a report draws them: what has no picture of its own is told by these. One file, `figures.json`;
 * an analysis may write others beside it.
 */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const Axis = Schema.Struct({
  label: Schema.String,
  /** Drawn by powers of ten: values at or below zero cannot be shown. */
  log: Schema.Boolean
})

const Point = Schema.Struct({
  x: Schema.Finite,
  y: Schema.Finite,
  /** 95 % interval of y, where there is one. */
  low: Schema.optionalKey(Schema.Finite),
  high: Schema.optionalKey(Schema.Finite)
})

const Series = Schema.Struct({
  name: Schema.String,
  /** Points joined in their order, or points alone. */
  line: Schema.Boolean,
  points: Schema.Array(Point)
})

const Chart = Schema.Struct({ title: Schema.String, x: Axis, y: Axis, series: Schema.Array(Series) })

const Table = Schema.Struct({
  title: Schema.String,
  /** Numbers are shaded: not at all at `from`, most at `to`. */
  shaded: Schema.optionalKey(Schema.Struct({ from: Schema.Finite, to: Schema.Finite })),
  columns: Schema.Array(Schema.String),
  /** null: there is nothing to show. */
  rows: Schema.Array(Schema.Array(Schema.NullOr(Schema.Union([Schema.String, Schema.Finite]))))
})

const FiguresFile = Schema.Struct({
  format: Schema.Literal(1),
  title: Schema.String,
  /** How to read them, in a sentence or two. */
  note: Schema.String,
  charts: Schema.Array(Chart),
  tables: Schema.Array(Table)
})
export type FiguresFile = typeof FiguresFile.Type
export type FiguresChart = typeof Chart.Type
export type FiguresPoint = typeof Point.Type

export const figuresFileName = "figures.json"

export const Figures = makeKind({
  name: "Figures",
  version: 1,
  description: "curves and tables of one analysis",
  open: (artifact: Artifact) => readJsonFile(artifact, figuresFileName, FiguresFile)
})
