/**
 * SAE files of other libraries (`make-saes.py`), read here: right, refused by name, or silently wrong.
 *
 *     node bench/fidelity/saes.ts FOLDER [--verbose]
 *
 * Right: features and reconstruction within 1e-5 of what the library computed. A folder whose `info.json` says `refused` has
 * to be refused. Ends with 1 where anything is silently wrong, or read though it had to be refused.
 */
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { openSafetensors } from "../../src/format/safetensors.ts"
import { diskFolder } from "../../src/kinds/sae/files/disk-folder.ts"
import { readAnySae } from "../../src/kinds/sae/formats.ts"
import { computableSae } from "../../src/kinds/sae/stored/computable-sae.ts"
import { makeSaeModel } from "../../src/sae/sae-model.ts"
import { innermostFolder } from "../../test/golden/innermost-folder.ts"
import { loadTestEngine } from "../../test/engine.ts"
import { makeTally } from "./tally.ts"
import { isRefused } from "../../src/kinds/sae/latents/sae-refused.ts"

const tolerance = 1e-5

const largestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number))
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }
  return largest
}

/** Largest difference of features and reconstruction; an SAE that has to be refused is only read. */
const compare = Effect.fn("compare")(function* (folder: string, refused: boolean) {
  const stored = yield* readAnySae(diskFolder(innermostFolder(folder)))
  const weights = computableSae(stored)
  if (isRefused(weights)) return yield* weights
  if (refused) return { difference: undefined }
  const bytes = new Uint8Array(readFileSync(join(folder, "expected.safetensors")))
  const expected = yield* openSafetensors(bytesFile(bytes), "expected.safetensors")
  const [x, f, xHat] = [yield* expected.float32("x"), yield* expected.float32("f"), yield* expected.float32("x_hat")]
  const model = makeSaeModel(weights)
  const shape = expected.entries.get("x")?.shape ?? []
  const count = x.length / model.d_in
  // Contexts one by one where x has an axis of them.
  const length = shape.length === 3 && shape[2] === model.d_in ? (shape[1] as number) : count
  let difference = 0
  for (let first = 0; first < count; first += length) {
    const part = (values: Float32Array, width: number) => values.subarray(first * width, (first + length) * width)
    const here = tf.tidy(() => {
      const rows = tf.tensor2d(part(x, model.d_in), [length, model.d_in])
      return Math.max(
        largestDifference(model.encodeDense(rows).dataSync(), part(f, model.d_sae)),
        largestDifference(model.reconstruct(rows).dataSync(), part(xHat, model.d_out))
      )
    })
    difference = Math.max(difference, here)
  }
  model.dispose()
  return { difference }
}, Effect.scoped)

const root = resolve(process.argv[2] ?? ".")
const verbose = process.argv.includes("--verbose")
const folders = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name === "info.json")
  .map((entry) => relative(root, entry.parentPath))
  .toSorted()

await loadTestEngine()
const tally = makeTally(tolerance, verbose)
for (const folder of folders) {
  const { refused } = JSON.parse(readFileSync(join(root, folder, "info.json"), "utf8")) as { readonly refused?: string }
  const exit = await Effect.runPromiseExit(compare(join(root, folder), refused !== undefined))
  tally.add({ folder, family: dirname(folder), refused }, exit)
}
tally.end()
