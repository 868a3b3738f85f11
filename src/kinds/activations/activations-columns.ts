/** Columns of `train.arrow` and `held_out.arrow`: one row a token. */
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../format/half-float.ts"

/** How numbers are stored; readers widen them to f32. bf16 is a UInt16 column, since Arrow has no such type. */
export const activationDtypes = ["f32", "f16", "bf16"] as const
export type ActivationDtype = (typeof activationDtypes)[number]

export const dtypeBytes = (dtype: ActivationDtype): number => (dtype === "f32" ? 4 : 2)

const rowColumns = {
  /** |x| of the row as the model gave it, before it was rounded to the dtype. */
  norm: { type: "f32" },
  document: { type: "i32" },
  position: { type: "i32" },
  token: { type: "i32" }
} as const

export const activationsColumns = (d_in: number, dtype: ActivationDtype) =>
  ({
    activation: { type: dtype === "bf16" ? "u16" : dtype, list: d_in },
    ...rowColumns
  }) as const

/** Bytes of a row on disk. */
export const activationsRowBytes = (d_in: number, dtype: ActivationDtype): number => d_in * dtypeBytes(dtype) + 16

/** Rows in a record batch: about 4 MiB, so that a batch costs one verified read and little memory. */
export const activationsBatchRows = (d_in: number, dtype: ActivationDtype): number =>
  Math.max(1, Math.floor(2 ** 22 / activationsRowBytes(d_in, dtype)))

export type StoredNumbers = Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>

export const storedNumbers = (dtype: ActivationDtype, count: number): StoredNumbers =>
  dtype === "f32" ? new Float32Array(count) : new Uint16Array(count)

export const widen = (dtype: ActivationDtype, stored: StoredNumbers): Float32Array<ArrayBuffer> =>
  stored instanceof Float32Array ? stored : dtype === "f16" ? fromFloat16(stored) : fromBfloat16(stored)

/** Puts `values` into `stored`, of the same length, rounded to nearest, ties to even. */
export const narrow = (dtype: ActivationDtype, values: Float32Array, stored: StoredNumbers): void => {
  if (stored instanceof Float32Array) stored.set(values)
  else if (dtype === "f16") toFloat16(values, stored)
  else toBfloat16(values, stored)
}

/** Numbers below are finite in any case. */
export const largestStored: Readonly<Record<ActivationDtype, number>> = { f32: Infinity, f16: 65504, bf16: 3.3e38 }

/** Index of the first stored number that has become infinite, -1 where there is none. f32 is not looked at. */
export const firstOverflow = (dtype: ActivationDtype, stored: Float32Array | Uint16Array): number => {
  if (dtype === "f32") return -1
  const infinite = dtype === "f16" ? 0x7c00 : 0x7f80
  for (let i = 0; i < stored.length; i++) if (((stored[i] as number) & 0x7fff) === infinite) return i
  return -1
}
