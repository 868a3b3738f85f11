import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../../../src/artifact/bytes-file.ts"
import { openGguf } from "../../../../src/kinds/language-model/gguf/open-gguf.ts"
import * as Rng from "../../../../src/random/rng.ts"
import { bool, type EncodedTensor, encodeGguf, f32, f32s, i32s, strings, text, u32 } from "./encode-gguf.ts"

const open = (bytes: Uint8Array) => openGguf(bytesFile(bytes), "x.gguf")
const whyNot = (bytes: Uint8Array) => Effect.map(Effect.flip(open(bytes)), (error) => error.message)

const floats = (name: string, values: ReadonlyArray<number>, shape = [values.length]): EncodedTensor => ({
  name,
  type: 0,
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer)
})

const metadata = [
  ["general.name", text("a model")],
  ["layers", u32(3)],
  ["base", f32(0.5)],
  ["flag", bool(true)],
  ["pieces", strings(["a", "é", ""])],
  ["scores", f32s([1, -2.5])],
  ["types", i32s([1, 6])]
] as const

describe("a GGUF file", () => {
  it.effect("gives metadata of every type and tensors with the outermost axis first", () =>
    Effect.gen(function* () {
      const gguf = yield* open(encodeGguf(metadata, [floats("a", [1, 2, 3, 4, 5, 6], [2, 3]), floats("b", [7])]))
      expect(gguf.metadata.get("general.name")).toBe("a model")
      expect(gguf.metadata.get("layers")).toBe(3)
      expect(gguf.metadata.get("base")).toBe(0.5)
      expect(gguf.metadata.get("flag")).toBe(true)
      expect(gguf.metadata.get("pieces")).toEqual(["a", "é", ""])
      expect(gguf.metadata.get("scores")).toEqual(Float32Array.of(1, -2.5))
      expect(gguf.metadata.get("types")).toEqual(Int32Array.of(1, 6))
      expect(gguf.entries.get("a")).toEqual({ dtype: "F32", shape: [2, 3], quantized: false })
      expect(yield* gguf.float32("a")).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6))
      expect(yield* gguf.float32("b")).toEqual(Float32Array.of(7))
      expect((yield* Effect.flip(gguf.float32("c"))).message).toContain("there is no tensor c")
    })
  )

  it.effect("tensors longer than what is decoded at once are whole", () =>
    Effect.gen(function* () {
      // 300,000 blocks of Q8_0 are 10.2 MB, with scale 1.
      const blocks = 300_000
      const data = new Uint8Array(34 * blocks)
      for (let b = 0; b < blocks; b++) data.set([0, 0x3c, b & 127], 34 * b)
      const gguf = yield* open(encodeGguf([], [{ name: "t", type: 8, shape: [blocks, 32], data }]))
      const values = yield* gguf.float32("t")
      for (let b = 0; b < blocks; b += 997) expect(values[32 * b]).toBe(b & 127)
      expect(values[32 * (blocks - 1)]).toBe((blocks - 1) & 127)
    })
  )

  it.effect("every kind of wrong header is refused with the reason", () =>
    Effect.gen(function* () {
      const a = floats("a", [1, 2])
      expect(yield* whyNot(new Uint8Array(0))).toContain("ends within its header")
      expect(yield* whyNot(encodeGguf([], [a], { magic: 7 }))).toContain("does not begin with GGUF")
      expect(yield* whyNot(encodeGguf([], [a], { version: 1 }))).toContain("of version 1")
      expect(yield* whyNot(encodeGguf([], [a], { version: 0x3000000 }))).toContain("big-endian")
      expect(yield* whyNot(encodeGguf([], [a, a]))).toContain("tensor a stands twice")
      expect(
        yield* whyNot(
          encodeGguf(
            [
              ["k", u32(1)],
              ["k", u32(2)]
            ],
            []
          )
        )
      ).toContain("the key k stands twice")
      expect(yield* whyNot(encodeGguf([["general.alignment", u32(33)]], [a]))).toContain("general.alignment is 33")
      expect(yield* whyNot(encodeGguf([], [{ ...a, offset: 8n }]))).toContain("not aligned to 32 bytes")
      expect(yield* whyNot(encodeGguf([], [{ ...a, offset: 2n ** 40n }]))).toContain("the file has")
      expect(yield* whyNot(encodeGguf([], [{ ...a, offset: 2n ** 60n }]))).toContain("the offset of tensor a is")
      expect(yield* whyNot(encodeGguf([], [a, { ...floats("b", [1]), offset: 0n }]))).toContain("overlaps")
      const unread = yield* open(encodeGguf([], [{ ...a, type: 99 }]))
      expect((yield* Effect.flip(unread.float32("a"))).message).toContain("tensor a is type 99, which cannot be read")
      expect(yield* whyNot(encodeGguf([], [{ ...a, type: 8 }]))).toContain("no whole blocks of Q8_0")
      expect(yield* whyNot(encodeGguf([], [{ ...a, shape: [2 ** 40, 2 ** 40] }]))).toContain("has the shape")
      expect(yield* whyNot(encodeGguf([], [{ ...a, shape: [] }]))).toContain("0 dimensions")
      expect(yield* whyNot(encodeGguf([], [{ ...a, shape: [0] }]))).toContain("has the shape")
    })
  )

  it.effect("truncated and bit-flipped files give an error or a file, never a crash", () =>
    Effect.gen(function* () {
      const whole = encodeGguf(metadata, [floats("a", [1, 2, 3, 4, 5, 6], [2, 3]), floats("b", [7])])
      const rng = Rng.make(0, "fuzz")
      let refused = 0
      for (let i = 0; i < 6000; i++) {
        const bytes = whole.slice(0, i % 3 === 0 ? rng.int(whole.length) : whole.length)
        for (let flips = i % 3 === 0 ? 0 : 1 + rng.int(4); flips > 0; flips--) {
          const at = rng.int(bytes.length)
          bytes[at] = (bytes[at] as number) ^ (1 << rng.int(8))
        }
        const read = Effect.gen(function* () {
          const file = yield* open(bytes)
          for (const name of file.entries.keys()) yield* file.float32(name)
        })
        const result = yield* Effect.result(read)
        if (result._tag === "Failure") {
          refused += 1
          expect(result.failure._tag).toBe("ArtifactError")
        }
      }
      expect(refused).toBeGreaterThan(3000)
    })
  )
})
