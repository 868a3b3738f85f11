import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { toBfloat16, toFloat16 } from "../../src/format/half-float.ts"
import { encodeSafetensors, openSafetensors } from "../../src/format/safetensors.ts"
import { mergeWeights, type WeightTensors } from "../../src/format/weight-tensors.ts"

const open = (bytes: Uint8Array) => openSafetensors(bytesFile(bytes), "x.safetensors")
const whyNot = (bytes: Uint8Array) => Effect.map(Effect.flip(open(bytes)), (error) => error.message)

/** A file with this header and so many bytes after it. */
const file = (header: unknown, body: number): Uint8Array => {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + text.length + body)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

describe("safetensors", () => {
  it("what is written is read back, whatever the shapes", () =>
    fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((name) => name !== "__metadata__" && name !== "__proto__"),
          fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
          { maxKeys: 5 }
        ),
        async (shapes) => {
          const tensors = Object.fromEntries(
            Object.entries(shapes).map(([name, shape], n) => {
              const size = shape.reduce((product, k) => product * k, 1)
              return [
                name,
                { dtype: "F32" as const, shape, data: Float32Array.from({ length: size }, (_, i) => n + i / 3) }
              ]
            })
          )
          const read = await Effect.runPromise(open(encodeSafetensors(tensors)))
          expect([...read.entries.keys()].toSorted()).toEqual(Object.keys(tensors).toSorted())
          for (const [name, { shape, data }] of Object.entries(tensors)) {
            expect(read.entries.get(name)?.shape).toEqual(shape)
            expect(await Effect.runPromise(read.float32(name))).toEqual(data)
          }
        }
      )
    ))

  it.effect("half floats and doubles are read as f32, whatever the alignment", () =>
    Effect.gen(function* () {
      const values = Float32Array.of(1, -0.5, 3.140625)
      const bytes = encodeSafetensors({
        odd: { dtype: "U8", shape: [3], data: Uint8Array.of(1, 2, 3) },
        bf16: { dtype: "BF16", shape: [3], data: toBfloat16(values) },
        f16: { dtype: "F16", shape: [3], data: toFloat16(values) },
        f64: { dtype: "F64", shape: [3], data: Float64Array.from(values) }
      })
      const read = yield* open(bytes)
      for (const name of ["bf16", "f16", "f64"]) expect(yield* read.float32(name)).toEqual(values)
      expect((yield* Effect.flip(read.float32("odd"))).message).toContain("odd is U8; F32")
      expect((yield* Effect.flip(read.float32("W_enc"))).message).toContain("no tensor W_enc")
    })
  )

  it.effect("equal tensors are equal bytes, in whatever order they are given", () =>
    Effect.sync(() => {
      const a = { dtype: "F32", shape: [2], data: Float32Array.of(1, 2) } as const
      const b = { dtype: "I32", shape: [1], data: Int32Array.of(7) } as const
      expect(encodeSafetensors({ a, b })).toEqual(encodeSafetensors({ b, a }))
      expect(() => encodeSafetensors({ a: { ...a, shape: [3] } })).toThrow("takes 12 bytes, not 8")
    })
  )

  it.effect("every kind of wrong header is refused with the reason", () =>
    Effect.gen(function* () {
      const entry = (start: number, end: number, more = {}) => ({
        dtype: "F32",
        shape: [2],
        data_offsets: [start, end],
        ...more
      })
      expect(yield* whyNot(new Uint8Array(4))).toContain("too few")
      expect(yield* whyNot(file("{", 0))).toContain("no JSON object")
      expect(yield* whyNot(file([], 0))).toContain("no JSON object")
      expect(yield* whyNot(file({ a: entry(0, 12) }, 12))).toContain("needs 8 bytes")
      expect(yield* whyNot(file({ a: entry(0, 8), b: entry(4, 12) }, 12))).toContain("where 8 is expected")
      expect(yield* whyNot(file({ a: entry(0, 8), b: entry(12, 20) }, 20))).toContain("where 8 is expected")
      expect(yield* whyNot(file({ a: entry(0, 8) }, 9))).toContain("1 bytes after the last tensor")
      expect(yield* whyNot(file({ a: entry(0, 8, { dtype: 8 }) }, 8))).toContain("has no dtype")
      expect(yield* whyNot(file({ a: entry(8, 0, { dtype: "F8_E5M2" }) }, 8))).toContain("needs -8 bytes")
      expect(yield* whyNot(file({ a: entry(0, 8, { shape: [-2] }) }, 8))).toContain("wrong shape")
      expect(yield* whyNot(file({ a: entry(0, 8, { shape: [1e300, 1e300] }) }, 8))).toContain("wrong shape")
      const huge = file({}, 0)
      new DataView(huge.buffer).setBigUint64(0, 2n ** 62n, true)
      expect(yield* whyNot(huge)).toContain("no safetensors file")
    })
  )

  it.effect("a file that was cut off is told as such, wherever it was cut", () =>
    Effect.gen(function* () {
      const whole = encodeSafetensors({ a: { dtype: "F32", shape: [64], data: new Float32Array(64) } })
      for (const length of [whole.length - 1, whole.length - 256, 20, 9]) {
        expect(yield* whyNot(whole.slice(0, length))).toMatch(
          /invalid: the file was cut off: (tensor a ends 256|its header)/
        )
      }
    })
  )

  it.effect("a tensor of a type that cannot be read hinders only who asks for it", () =>
    Effect.gen(function* () {
      const bytes = file(
        {
          a: { dtype: "F8_E4M3", shape: [3], data_offsets: [0, 3] },
          b: { dtype: "F32", shape: [1], data_offsets: [3, 7] }
        },
        7
      )
      const read = yield* open(bytes)
      expect(yield* read.float32("b")).toEqual(Float32Array.of(0))
      expect((yield* Effect.flip(read.float32("a"))).message).toContain("tensor a is F8_E4M3")
    })
  )

  it.effect("shards are one file to the reader", () =>
    Effect.gen(function* () {
      const one = yield* open(encodeSafetensors({ a: { dtype: "F32", shape: [1], data: Float32Array.of(1) } }))
      const two = yield* open(encodeSafetensors({ b: { dtype: "F32", shape: [1], data: Float32Array.of(2) } }))
      const both = mergeWeights([
        { path: "1", weights: one },
        { path: "2", weights: two }
      ]) as WeightTensors
      expect([...both.entries.keys()]).toEqual(["a", "b"])
      expect(yield* both.float32("b")).toEqual(Float32Array.of(2))
      const twice = mergeWeights([
        { path: "1", weights: one },
        { path: "2", weights: one }
      ])
      expect(twice).toBe("a stands in 1 and in 2")
    })
  )
})
