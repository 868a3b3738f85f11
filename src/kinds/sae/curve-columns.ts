/** Columns of `curve.arrow`: one row a logged step, every column f64. */
import type { ArrowColumn } from "../../format/arrow/arrow-column.ts"

export const curveColumns = (names: ReadonlyArray<string>): Readonly<Record<string, ArrowColumn<"f64">>> =>
  Object.fromEntries(names.map((name) => [name, { type: "f64" }]))
