import { it } from "@effect/vitest"
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { encodeSafetensors, openSafetensors } from "../../src/format/safetensors.ts"
import { findWeights } from "../../src/kinds/language-model/weight-files.ts"
import { writeRandomWeights } from "../../src/model/randomize-weights.ts"
import * as Rng from "../../src/random/rng.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"

const rng = Rng.make(7, "weights")
const matrix = Float32Array.from({ length: 4000 }, () => 3 + 2 * rng.normal())
const stored = encodeSafetensors({
  "wte.weight": { dtype: "F32", shape: [40, 100], data: matrix },
  "lm_head.weight": { dtype: "F32", shape: [40, 100], data: matrix },
  "ln.bias": { dtype: "F32", shape: [100], data: new Float32Array(100) },
  position_ids: { dtype: "I32", shape: [4], data: Int32Array.of(0, 1, 2, 3) }
})

const randomised = Effect.fnUntraced(function* (seed: number, most?: number) {
  const target = yield* temporaryDirectory
  const weights = yield* openSafetensors(bytesFile(stored), "model.safetensors")
  yield* writeRandomWeights(folderWriter(target), weights, seed, most)
  const found = yield* findWeights(folderArtifact(target, "LanguageModel"))
  if (found === undefined) throw new Error("nothing was written")
  const written = yield* found.open
  const values = new Map<string, Float32Array>()
  for (const name of written.entries.keys()) values.set(name, yield* written.float32(name))
  return { files: fs.readdirSync(target).toSorted(), values }
})

const moments = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)] as const
}

it.effect("random weights have each tensor's mean and deviation, and share no number with it", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const { files, values } = yield* randomised(0)
      expect(files).toEqual(["model.safetensors"])
      const drawn = values.get("wte.weight") ?? new Float32Array(0)
      const [mean, deviation] = moments(drawn)
      // Of 4,000 numbers: standard errors 0.032 and 0.022.
      expect(mean).toBeGreaterThan(2.85)
      expect(mean).toBeLessThan(3.15)
      expect(deviation).toBeGreaterThan(1.9)
      expect(deviation).toBeLessThan(2.1)
      expect(drawn.filter((value, i) => value === matrix[i])).toHaveLength(0)
      // A tensor without spread stays; a head that is the embedding is it still; positions are no weights.
      expect(values.get("ln.bias")).toEqual(new Float32Array(100))
      expect(values.get("lm_head.weight")).toEqual(drawn)
      expect([...values.keys()].toSorted()).toEqual(["lm_head.weight", "ln.bias", "wte.weight"])
    })
  )
)

it.effect("random weights are the seed's, in one file or in shards", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const [one, again, other, sharded] = [
        yield* randomised(0),
        yield* randomised(0),
        yield* randomised(1),
        yield* randomised(0, 16_400)
      ]
      expect(again.values).toEqual(one.values)
      expect(other.values.get("wte.weight")).not.toEqual(one.values.get("wte.weight"))
      expect(sharded.files).toEqual([
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json"
      ])
      expect(new Map([...sharded.values].toSorted())).toEqual(new Map([...one.values].toSorted()))
    })
  )
)

it.effect("a tensor of many blocks is one stream of normal numbers", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const values = Float32Array.from({ length: 3 * 2 ** 16 - 6 }, (_, i) => (i % 2 === 0 ? -1 : 3))
      const file = encodeSafetensors({ wide: { dtype: "F32", shape: [values.length], data: values } })
      const target = yield* temporaryDirectory
      yield* writeRandomWeights(folderWriter(target), yield* openSafetensors(bytesFile(file), "model.safetensors"), 4)
      const found = yield* findWeights(folderArtifact(target, "LanguageModel"))
      const written = yield* (yield* found!.open).float32("wide")
      const alone = Rng.make(4, "random weights of wide")
      const one = Float32Array.from(values, () => 1 + 2 * alone.normal())
      expect(written.every((value, i) => value === one[i])).toBe(true)
    })
  )
)
