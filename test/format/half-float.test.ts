import * as fc from "fast-check"
import { expect, it } from "vitest"
import { fromBfloat16, fromFloat16, toBfloat16, toFloat16 } from "../../src/format/half-float.ts"

const allBits = Uint16Array.from({ length: 65_536 }, (_, i) => i)
const isNaN16 = (bits: number, exponent: number, fraction: number): boolean =>
  (bits & exponent) === exponent && (bits & fraction) !== 0

it("every binary16 number goes to f32 and back unchanged", () => {
  const back = toFloat16(fromFloat16(allBits))
  for (const bits of allBits) if (!isNaN16(bits, 0x7c00, 0x03ff)) expect(back[bits]).toBe(bits)
})

it("every bfloat16 number goes to f32 and back unchanged", () => {
  const back = toBfloat16(fromBfloat16(allBits))
  for (const bits of allBits) if (!isNaN16(bits, 0x7f80, 0x007f)) expect(back[bits]).toBe(bits)
})

it("known values: 1, the largest, the smallest, the tie to even, and overflow", () => {
  expect([...fromFloat16(Uint16Array.of(0x3c00, 0x7bff, 0x0001, 0xc000))]).toEqual([1, 65504, 2 ** -24, -2])
  expect([...toFloat16(Float32Array.of(1, 65504, 65519.9, 65520, 2 ** -25, 1.5 * 2 ** -24))]).toEqual([
    0x3c00, 0x7bff, 0x7bff, 0x7c00, 0, 2
  ])
  // 1 + 2^-11 lies half way between 1 and 1 + 2^-10: to the even one. 1 + 3 * 2^-11: up.
  expect([...toFloat16(Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11))]).toEqual([0x3c00, 0x3c02])
  expect([...toBfloat16(Float32Array.of(1, 1 + 2 ** -8, 1 + 3 * 2 ** -8))]).toEqual([0x3f80, 0x3f80, 0x3f82])
})

it("rounding picks the nearest number", () => {
  fc.assert(
    fc.property(fc.float({ min: -65000, max: 65000, noNaN: true }), (x) => {
      for (const [to, from] of [
        [toFloat16, fromFloat16],
        [toBfloat16, fromBfloat16]
      ] as const) {
        const bits = to(Float32Array.of(x))[0] as number
        const error = Math.abs((from(Uint16Array.of(bits))[0] as number) - x)
        for (const other of [bits - 1, bits + 1]) {
          if ((other & 0x7fff) === 0x7fff || other < 0 || other > 0xffff) continue
          const value = from(Uint16Array.of(other))[0] as number
          if (Number.isFinite(value)) expect(error).toBeLessThanOrEqual(Math.abs(value - x))
        }
      }
    })
  )
})
