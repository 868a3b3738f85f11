import { readFileSync } from "node:fs"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { tensorTypes } from "../../../../src/kinds/language-model/gguf/tensor-types.ts"
import { toBfloat16, toFloat16 } from "../../../../src/format/half-float.ts"
import { naive } from "./naive-dequantize.ts"

describe("block formats of GGUF", () => {
  for (const type of tensorTypes.values()) {
    const value = naive[type.name]
    if (value === undefined) continue
    it(`${type.name}: any bytes are decoded as the naive decoder does, at any place of the output`, () => {
      fc.assert(
        fc.property(
          fc
            .integer({ min: 1, max: 3 })
            .chain((blocks) =>
              fc.tuple(
                fc.constant(blocks),
                fc.uint8Array({ minLength: blocks * type.bytes, maxLength: blocks * type.bytes })
              )
            ),
          fc.integer({ min: 0, max: 5 }),
          ([blocks, bytes], start) => {
            const out = new Float32Array(start + blocks * type.values + 3).fill(42)
            type.decode(bytes, blocks, out, start)
            for (let i = 0; i < blocks * type.values; i++) {
              const block = Math.floor(i / type.values)
              // + 0: minus zero is zero.
              expect((out[start + i] as number) + 0).toBe(value(bytes, block * type.bytes, i % type.values) + 0)
            }
            expect([...out.subarray(0, start), ...out.subarray(start + blocks * type.values)]).toEqual(
              Array.from({ length: start + 3 }, () => 42)
            )
          }
        ),
        { numRuns: 60 }
      )
    })
  }

  it("blocks have the values that gguf-py gives them", () => {
    const json = readFileSync(new URL("quants.json", import.meta.url), "utf8")
    const goldens = JSON.parse(json) as Record<string, { bytes: string; values: ReadonlyArray<number> }>
    const types = new Map([...tensorTypes.values()].map((type) => [type.name, type]))
    for (const [name, { bytes, values }] of Object.entries(goldens)) {
      const out = new Float32Array(values.length)
      types.get(name)?.decode(new Uint8Array(Buffer.from(bytes, "hex")), 1, out, 0)
      // + 0: minus zero is zero.
      const plain = (numbers: ArrayLike<number>) => Array.from(numbers, (x) => x + 0)
      expect(plain(out), name).toEqual(plain(values))
    }
  })

  it("every type of blocks has a naive decoder here", () => {
    const blocks = [...tensorTypes.values()].filter(({ values }) => values > 1)
    expect(blocks.map(({ name }) => name).toSorted()).toEqual(Object.keys(naive).toSorted())
  })

  it("a round trip through a format loses at most half a step of its scale", () => {
    fc.assert(
      fc.property(fc.array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: 32, maxLength: 32 }), (values) => {
        const greatest = Math.max(...values.map(Math.abs))
        const bytes = new Uint8Array(34)
        const scaleBits = toFloat16(Float32Array.of(greatest / 127))
        bytes.set(new Uint8Array(scaleBits.buffer))
        const out = new Float32Array(32)
        const q8 = [...tensorTypes.values()].find(({ name }) => name === "Q8_0")
        bytes.set([1, 0], 2)
        q8?.decode(bytes, 1, out, 0)
        const scale = out[0] as number
        for (const [i, x] of values.entries()) {
          bytes[2 + i] = scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(x / scale))) & 255
        }
        q8?.decode(bytes, 1, out, 0)
        // The scale itself is rounded to 11 bits, and 127 steps of it may fall short of the greatest value.
        const slack = greatest / 1024 + 1e-5
        for (const [i, x] of values.entries())
          expect(Math.abs((out[i] as number) - x)).toBeLessThanOrEqual(scale / 2 + slack)
      })
    )
  })

  it("F32, F16 and BF16 are exact", () => {
    const values = Float32Array.of(1, -0.5, 3.140625, 0)
    const stored: Record<string, Uint8Array> = {
      F32: new Uint8Array(values.buffer),
      F16: new Uint8Array(toFloat16(values).buffer),
      BF16: new Uint8Array(toBfloat16(values).buffer)
    }
    for (const type of tensorTypes.values()) {
      const bytes = stored[type.name]
      if (bytes === undefined) continue
      const out = new Float32Array(5)
      type.decode(bytes, 4, out, 1)
      expect([...out]).toEqual([0, ...values])
    }
  })
})
