/** Every binary16 number as f32, by bit pattern: block formats hold one in every few dozen bytes. */
import { fromFloat16 } from "../half-float.ts"

let table: Float32Array | undefined

export const halfTable = (): Float32Array => {
  table ??= fromFloat16(Uint16Array.from({ length: 65_536 }, (_, bits) => bits))
  return table
}
