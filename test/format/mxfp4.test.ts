import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { decodeMxfp4, withMxfp4 } from "../../src/format/mxfp4.ts"
import { encodeSafetensors, openSafetensors, type SafetensorsTensor } from "../../src/format/safetensors.ts"
import { mergeWeights, type WeightTensors } from "../../src/format/weight-tensors.ts"

const opened = (tensors: Readonly<Record<string, SafetensorsTensor>>): Promise<WeightTensors> =>
  Effect.runPromise(openSafetensors(bytesFile(encodeSafetensors(tensors)), "x"))

describe("MXFP4", () => {
  it("holds the values of E2M1 times a power of two, the lower half of a byte first", () => {
    // 0 with 1, 2 with 3, ... and the same with a sign, twice.
    const blocks = Uint8Array.from({ length: 32 }, (_, i) => ((i % 8) * 2) | (((i % 8) * 2 + 1) << 4))
    const values = decodeMxfp4(blocks, Uint8Array.of(127, 124))
    const half = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    const all = [...half, ...half.map((x) => -x)]
    expect([...values]).toEqual([...all, ...all, ...all.map((x) => x / 8), ...all.map((x) => x / 8)])
    expect([...decodeMxfp4(blocks.subarray(0, 16), Uint8Array.of(0))].at(7)).toBe(6 * 2 ** -127)
    expect([...decodeMxfp4(blocks.subarray(0, 16), Uint8Array.of(255))].every(Number.isNaN)).toBe(true)
  })

  it("is a tensor of its own name and shape, where its blocks and scales stand in one file or in two", async () => {
    const blocks = { dtype: "U8", shape: [2, 1, 16], data: new Uint8Array(32).fill(0x21) } as const
    const scales = { dtype: "U8", shape: [2, 1], data: Uint8Array.of(128, 127) } as const
    const plain = { dtype: "F32", shape: [1], data: Float32Array.of(7) } as const
    const [one, first, second] = await Promise.all([
      opened({ w_blocks: blocks, w_scales: scales, plain }),
      opened({ w_blocks: blocks, plain }),
      opened({ w_scales: scales })
    ])
    const two = mergeWeights([
      { path: "1", weights: first },
      { path: "2", weights: second }
    ])
    for (const weights of [withMxfp4(one), withMxfp4(two as WeightTensors)]) {
      expect(weights.entries.get("w_blocks")).toEqual({ dtype: "MXFP4", quantized: true, shape: [2, 32] })
      expect([...weights.entries.keys()].toSorted()).toEqual(["plain", "w_blocks"])
      const values = await Effect.runPromise(weights.float32("w_blocks"))
      expect([...values]).toEqual(Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? 0.5 : 1) * (i < 32 ? 2 : 1)))
      expect([...(await Effect.runPromise(weights.float32("plain")))]).toEqual([7])
    }
    // Bytes with another meaning stay bytes.
    expect(withMxfp4(first).entries.get("w_blocks")?.dtype).toBe("U8")
  })
})
