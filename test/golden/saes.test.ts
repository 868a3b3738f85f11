/** SAELens folders saved by SAELens itself: features and reconstructions as it computes them. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { Sae } from "../../src/artifact/sae.ts"
import { openSafetensors } from "../../src/artifact/safetensors.ts"
import { makeReconstructionSums } from "../../src/sae/evaluate-reconstruction.ts"
import { makeSaeModel } from "../../src/sae/sae-model.ts"
import { folderArtifact } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"

const folder = resolve(process.env["FIXTURES_DIR"] ?? "../shared/fixtures", "saelens")

/** What cannot be read yet, and what is said about it. */
const refused: Readonly<Record<string, RegExp>> = {
  legacy_pre6_topk: /layout before SAELens 6/,
  skip_transcoder: /architecture "skip_transcoder" cannot be read/
}

const tolerance = 1e-5

beforeAll(loadTestEngine)

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  let largest = 0
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)))
  return largest
}

describe.skipIf(!existsSync(folder))("SAELens folders", () => {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const artifact = () => folderArtifact(join(folder, name), "Sae")
    const reason = refused[name]
    if (reason !== undefined) {
      it.effect(`${name} is refused with the reason`, () =>
        Effect.gen(function* () {
          expect((yield* Effect.flip(Sae.open(artifact()))).message).toMatch(reason)
        })
      )
      continue
    }
    it.effect(`${name}: features and reconstruction within ${tolerance}, L0 and EV as recorded`, () =>
      Effect.gen(function* () {
        const sae = yield* Sae.open(artifact())
        expect(sae).toMatchObject({ d_in: 32, d_sae: 128, hook: "blocks.3.hook_resid_pre", training: null })
        const file = readFileSync(join(folder, name, "expected.safetensors"))
        const expected = yield* openSafetensors(bytesFile(new Uint8Array(file)), "expected.safetensors")
        const [x, f, xHat] = [
          yield* expected.float32("x"),
          yield* expected.float32("f"),
          yield* expected.float32("x_hat")
        ]
        const model = makeSaeModel(yield* sae.weights)
        const rows = tf.tensor2d(x, [64, 32])
        const codes = model.encode(rows)
        const dense = model.encodeDense(rows)
        expect(largestDifference(dense.dataSync(), f)).toBeLessThan(tolerance)
        expect(largestDifference(model.decode(codes).dataSync(), xHat)).toBeLessThan(tolerance)
        expect(largestDifference(model.decode(dense).dataSync(), xHat)).toBeLessThan(tolerance)
        expect(largestDifference(model.reconstruct(rows).dataSync(), xHat)).toBeLessThan(tolerance)
        const info = JSON.parse(readFileSync(join(folder, name, "info.json"), "utf8")) as { l0: number; ev: number }
        expect(codes.latent.length / 64).toBe(info.l0)
        const sums = makeReconstructionSums(32)
        sums.add(x, model.decode(codes).dataSync<"float32">())
        expect(sums.result().explained_variance).toBeCloseTo(info.ev, 5)
      })
    )
  }
})
