/**
 * One case for every folder below a root, at any depth, that holds an `expected.safetensors`: an SAE that another library
 * saved, with its input `x`, features `f` and reconstructions `x_hat` as that library computes them. A folder that is
 * refused fails, with the reason.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { computableSae } from "../../src/kinds/sae/stored/computable-sae.ts"
import { detectFormat } from "../../src/kinds/sae/formats.ts"
import { storedTensors } from "../../src/kinds/sae/stored/stored-sae.ts"
import { openSafetensors } from "../../src/format/safetensors.ts"
import { makeReconstructionSums } from "../../src/sae/evaluate/reconstruction-sums.ts"
import { makeSaeModel } from "../../src/sae/sae-model.ts"
import { innermostFolder } from "./innermost-folder.ts"
import { directoryFolder, filesFolder } from "../artifact/directory-folder.ts"
import { isRefused } from "../../src/kinds/sae/latents/sae-refused.ts"

const expectedName = "expected.safetensors"

const foldersBelow = (root: string): ReadonlyArray<string> =>
  existsSync(root)
    ? readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name === expectedName)
        .map((entry) => relative(root, entry.parentPath))
        .toSorted()
    : []

const tolerance = 1e-5

/** The folder's files, without what states the expectation. */
const sourceFiles = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name !== expectedName && entry.name !== "info.json")
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number))
    if (Number.isNaN(difference)) return difference
    largest = Math.max(largest, difference)
  }
  return largest
}

const bytesOf = (values: Float32Array): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength)

const infoOf = (directory: string): { readonly l0?: number; readonly ev?: number } => {
  const path = join(directory, "info.json")
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as { l0?: number; ev?: number }) : {}
}

/** @param evaluated whether L0 and explained variance are those that `info.json` records */
export const saeCases = (root: string, evaluated: boolean): void => {
  const folders = foldersBelow(root)
  describe.skipIf(folders.length === 0)("SAEs of other libraries", () => {
    for (const folder of folders) {
      const directory = join(root, folder)
      it.effect(`${folder}: features and reconstruction within ${tolerance}, and a round trip`, () =>
        Effect.gen(function* () {
          const inner = innermostFolder(directory)
          const files = directoryFolder(inner, sourceFiles(inner))
          const format = yield* detectFormat(files)
          const stored = yield* format.read(files)
          const weights = computableSae(stored)
          if (isRefused(weights)) throw weights
          const file = new Uint8Array(readFileSync(join(directory, expectedName)))
          const expected = yield* openSafetensors(bytesFile(file), expectedName)
          const [x, f, xHat] = [
            yield* expected.float32("x"),
            yield* expected.float32("f"),
            yield* expected.float32("x_hat")
          ]
          const model = makeSaeModel(weights)
          const count = x.length / model.d_in
          // Rows of one context, or of several where x has an axis of them: [contexts, rows, d_in].
          const shape = expected.entries.get("x")?.shape ?? []
          const length = shape.length === 3 && shape[2] === model.d_in ? (shape[1] as number) : count
          const parts = Array.from({ length: count / length }, (_, context) => {
            const part = (values: Float32Array, width: number) =>
              values.subarray(context * length * width, (context + 1) * length * width)
            const rows = tf.tensor2d(part(x, model.d_in), [length, model.d_in])
            const codes = model.encode(rows)
            const dense = model.encodeDense(rows)
            const [wanted, output] = [part(f, model.d_sae), part(xHat, model.d_out)]
            const decoded = model.decode(codes, rows).dataSync<"float32">()
            return {
              fired: codes.latent.length,
              decoded,
              features: largestDifference(dense.dataSync(), wanted),
              reconstruction: largestDifference(decoded, output),
              dense: largestDifference(model.decode(dense, rows).dataSync(), output),
              reconstruct: largestDifference(model.reconstruct(rows).dataSync(), output)
            }
          })
          const worst = (what: "features" | "reconstruction" | "dense" | "reconstruct") =>
            parts.reduce((most, part) => (part[what] <= most ? most : part[what]), 0)
          const errors = {
            features: worst("features"),
            reconstruction: worst("reconstruction"),
            dense: worst("dense"),
            reconstruct: worst("reconstruct")
          }
          if (process.env["FIXTURES_PRINT"] === "1") {
            process.stderr.write(`${folder}: ${format.name}, ${JSON.stringify(errors)}\n`)
          }
          for (const [what, error] of Object.entries(errors)) expect(error, what).toBeLessThan(tolerance)

          const info = evaluated ? infoOf(directory) : {}
          if (info.l0 !== undefined)
            expect(parts.reduce((sum, { fired }) => sum + fired, 0) / count).toBeCloseTo(info.l0, 3)
          if (info.ev !== undefined) {
            // Of what is reconstructed: a transcoder's fixture holds its targets as y.
            const target = expected.entries.has("y") ? yield* expected.float32("y") : x
            const sums = makeReconstructionSums(model.d_out)
            sums.add(target, Float32Array.from(parts.flatMap(({ decoded }) => [...decoded])))
            expect(sums.result().explained_variance).toBeCloseTo(info.ev, 4)
          }
          model.dispose()

          // Written in its own format and read again: the same tensors to the bit, and then the same files to the byte.
          if (format.write === undefined) return
          const written = format.write(stored)
          if (isRefused(written)) throw written
          const again = yield* format.read(filesFolder(written))
          const back = new Map(storedTensors(again).map(([name, values]) => [name, bytesOf(values)]))
          for (const [name, values] of storedTensors(stored)) expect(back.get(name), name).toEqual(bytesOf(values))
          expect(format.write(again)).toEqual(written)
        })
      )
    }
  })
}
