/** The few column types that our Arrow files have: numbers, and lists of a fixed number of numbers, never null. */
import * as arrow from "apache-arrow"

export interface ArrowArrays {
  readonly f32: Float32Array<ArrayBuffer>
  readonly f64: Float64Array<ArrayBuffer>
  readonly i32: Int32Array<ArrayBuffer>
  /** IEEE binary16, by bit pattern. */
  readonly f16: Uint16Array<ArrayBuffer>
  /** Also bfloat16 by bit pattern, for which Arrow has no type. */
  readonly u16: Uint16Array<ArrayBuffer>
}

export interface ArrowColumn<out T extends keyof ArrowArrays = keyof ArrowArrays> {
  readonly type: T
  /** Numbers per row: FixedSizeList[list]; absent: one plain number a row. */
  readonly list?: number
}

export type ArrowColumns = Readonly<Record<string, ArrowColumn>>

/** One typed array a column: `rows` numbers, or `rows * list` of them, row-major. */
export type ArrowValues<C extends ArrowColumns> = { readonly [K in keyof C]: ArrowArrays[C[K]["type"]] }

const numberTypes: { readonly [K in keyof ArrowArrays]: () => arrow.DataType } = {
  f32: () => new arrow.Float32(),
  f64: () => new arrow.Float64(),
  i32: () => new arrow.Int32(),
  f16: () => new arrow.Float16(),
  u16: () => new arrow.Uint16()
}

const numberType = (column: ArrowColumn): arrow.DataType => numberTypes[column.type]()

export const arrowType = (column: ArrowColumn): arrow.DataType =>
  column.list === undefined
    ? numberType(column)
    : new arrow.FixedSizeList(column.list, new arrow.Field("item", numberType(column), false))

export const arrowSchema = (columns: ArrowColumns, metadata: Readonly<Record<string, string>> = {}): arrow.Schema =>
  new arrow.Schema(
    Object.entries(columns).map(([name, column]) => new arrow.Field(name, arrowType(column), false)),
    new Map(Object.entries(metadata))
  )
