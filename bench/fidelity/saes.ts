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
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { openSafetensors } from "../../src/format/safetensors.ts"
import { diskFolder } from "../../src/kinds/sae/files/disk-folder.ts"
import { readAnySae } from "../../src/kinds/sae/formats.ts"
import { computableSae } from "../../src/kinds/sae/stored/computable-sae.ts"
import { makeSaeModel } from "../../src/sae/sae-model.ts"
import { innermostFolder } from "../../test/golden/innermost-folder.ts"
import { loadTestEngine } from "../../test/engine.ts"

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

/** Largest differences of features and reconstruction. */
const compare = Effect.fn("compare")(function* (folder: string) {
  const stored = yield* readAnySae(diskFolder(innermostFolder(folder)))
  const info = JSON.parse(readFileSync(join(folder, "info.json"), "utf8")) as { readonly refused?: string }
  const weights = computableSae(stored)
  if (typeof weights === "string") return yield* Effect.fail(new Error(weights))
  if (info.refused !== undefined) return { read: true as const, why: info.refused }
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
  return { read: false as const, difference }
}, Effect.scoped)

const root = resolve(process.argv[2] ?? ".")
const verbose = process.argv.includes("--verbose")
const folders = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name === "info.json")
  .map((entry) => relative(root, entry.parentPath))
  .toSorted()

await loadTestEngine()
const outcomes = ["right", "refused", "refused, though valid", "read, though to be refused", "silently wrong"] as const
type Outcome = (typeof outcomes)[number]
const table = new Map<string, Record<Outcome, number>>()
let worst = 0
for (const folder of folders) {
  const info = JSON.parse(readFileSync(join(root, folder, "info.json"), "utf8")) as { readonly refused?: string }
  const exit = await Effect.runPromiseExit(compare(join(root, folder)))
  let outcome: Outcome
  let detail = ""
  if (Exit.isFailure(exit)) {
    outcome = info.refused === undefined ? "refused, though valid" : "refused"
    detail = Cause.prettyErrors(exit.cause)
      .map(({ message }) => message)
      .join("; ")
  } else if (exit.value.read) [outcome, detail] = ["read, though to be refused", exit.value.why]
  else {
    outcome = exit.value.difference <= tolerance ? "right" : "silently wrong"
    detail = exit.value.difference.toExponential(1)
    if (outcome === "right") worst = Math.max(worst, exit.value.difference)
  }
  const row =
    table.get(dirname(folder)) ?? (Object.fromEntries(outcomes.map((one) => [one, 0])) as Record<Outcome, number>)
  row[outcome] += 1
  table.set(dirname(folder), row)
  if (verbose || outcome.includes("though") || outcome === "silently wrong") {
    process.stdout.write(`${folder}: ${outcome} (${detail})\n`)
  }
}
const sum = (outcome: Outcome) => [...table.values()].reduce((total, row) => total + row[outcome], 0)
process.stdout.write(`| | ${outcomes.join(" | ")} |\n|---|${outcomes.map(() => "---:|").join("")}\n`)
for (const [family, row] of table) {
  process.stdout.write(`| ${family} | ${outcomes.map((one) => row[one]).join(" | ")} |\n`)
}
process.stdout.write(`| all ${folders.length} | ${outcomes.map(sum).join(" | ")} |\n`)
process.stdout.write(`largest difference of those that are right: ${worst.toExponential(1)}\n`)
process.exitCode = sum("silently wrong") + sum("read, though to be refused") > 0 ? 1 : 0
