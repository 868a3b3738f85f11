import { readFileSync } from "node:fs"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../../src/artifact/bytes-file.ts"
import { openTorchWeights } from "../../../src/format/torch/torch-weights.ts"
import * as Rng from "../../../src/random/rng.ts"

const file = new Uint8Array(readFileSync(new URL("legacy.bin", import.meta.url)))
const open = (bytes: Uint8Array) => openTorchWeights(bytesFile(bytes, "legacy.bin"), "legacy.bin")

describe("a PyTorch file from before 1.6", () => {
  it.effect("holds the tensors that were saved, views and types of numbers among them", () =>
    Effect.gen(function* () {
      const { entries, float32 } = yield* open(file)
      const base = Array.from({ length: 12 }, (_, i) => i / 8)
      expect([...(yield* float32("whole"))]).toEqual(base)
      expect([...(yield* float32("turned"))]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((i) => i / 8))
      expect([...(yield* float32("row"))]).toEqual(base.slice(4, 8))
      expect([...(yield* float32("half"))]).toEqual([0.5, -2, 3.25])
      expect([...(yield* float32("brain"))]).toEqual([1.5, -0.25])
      expect([...(yield* float32("wide"))]).toEqual([Math.fround(0.1)])
      expect(entries.get("turned")?.shape).toEqual([4, 3])
      expect(entries.get("mask")).toMatchObject({ dtype: "BOOL", shape: [2] })
      expect(entries.get("count")).toMatchObject({ dtype: "I64", shape: [] })
    })
  )

  it.effect("damaged is refused or read, never a crash", () =>
    Effect.gen(function* () {
      const rng = Rng.make(0, "legacy")
      let refused = 0
      for (let i = 0; i < 2000; i++) {
        const bytes = file.slice(0, i % 3 === 0 ? rng.int(file.length) : file.length)
        for (let flips = i % 3 === 0 ? 0 : 1 + rng.int(4); flips > 0; flips--) {
          const at = rng.int(bytes.length)
          bytes[at] = (bytes[at] as number) ^ (1 << rng.int(8))
        }
        const result = yield* Effect.result(
          Effect.flatMap(open(bytes), ({ entries, float32 }) =>
            Effect.forEach([...entries.keys()].slice(0, 6), float32)
          )
        )
        if (result._tag === "Success") continue
        refused += 1
        expect(result.failure._tag).toBe("ArtifactError")
      }
      expect(refused).toBeGreaterThan(800)
    })
  )
})
