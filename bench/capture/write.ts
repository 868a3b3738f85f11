/**
 * How fast captured rows come to disk, beside the disk itself: a plain file of as many bytes, written in large pieces and
 * synced. In turn in one run, into one folder:
 *   node bench/capture/write.ts [--megabytes 1024] [--repeats 5] [--folder DIR]
 * Ours are Arrow files as `capture-activations` writes them: 768 numbers a row, contexts of 128 tokens without their BOS,
 * with norms and places, synced. MB are of f32 numbers, whatever they are stored as.
 */
import { closeSync, fsyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { activationDtypes, type ActivationDtype } from "../../src/kinds/activations/activations-columns.ts"
import { openRowSetWriter } from "../../src/kinds/activations/write-activations.ts"
import * as Rng from "../../src/random/rng.ts"
import { makeArtifactWriter } from "../../src/store/local/artifact-writer.ts"
import { normsOfRows } from "../../src/numeric/row-norms.ts"

const { values: given } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1024" },
    repeats: { type: "string", default: "5" },
    folder: { type: "string", default: tmpdir() }
  }
})
const [d_in, time, contexts] = [768, 128, 16]
const rng = Rng.make(0, "bench write")
const activation = Float32Array.from({ length: contexts * time * d_in }, () => rng.normal())
const places = Int32Array.from({ length: contexts * time }, (_, i) => i)
const blocks = Math.ceil((Number(given.megabytes) * 1e6) / (contexts * (time - 1) * d_in * 4))
const megabytes = (blocks * contexts * (time - 1) * d_in * 4) / 1e6

const inFolder = async (action: (folder: string) => Promise<void> | void): Promise<number> => {
  const folder = mkdtempSync(join(given.folder, "bench-write-"))
  const start = performance.now()
  await action(folder)
  const seconds = (performance.now() - start) / 1000
  rmSync(folder, { recursive: true, force: true })
  return seconds
}

const ours = (dtype: ActivationDtype) => (folder: string) =>
  Effect.gen(function* () {
    const writer = yield* openRowSetWriter(makeArtifactWriter(folder), {
      path: "rows.arrow",
      d_in,
      dtype,
      metadata: {},
      materialize: true
    })
    for (let b = 0; b < blocks; b++) {
      const rows = {
        activation,
        norm: normsOfRows(activation, d_in),
        document: places,
        position: places,
        token: places
      }
      for (let c = 0; c < contexts; c++) yield* writer.append(rows, c * time + 1, (c + 1) * time)
    }
    yield* writer.finish
  }).pipe(Effect.scoped, Effect.runPromise)

/** As many bytes as `ours` writes of numbers. */
const plain = (bytesOfNumber: number) => (folder: string) => {
  const file = openSync(join(folder, "rows"), "w")
  const piece = new Uint8Array(activation.buffer, 0, contexts * (time - 1) * d_in * bytesOfNumber)
  for (let b = 0; b < blocks; b++) writeSync(file, piece)
  fsyncSync(file)
  closeSync(file)
}

const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, load before the run ${loadavg()[0]?.toFixed(2)}; ` +
    `${megabytes.toFixed(0)} MB, median of ${given.repeats}\n`
)
console.log("| dtype | capture, MB/s | a plain file of as many bytes, MB/s | share |")
console.log("| --- | --- | --- | --- |")
for (const dtype of activationDtypes) {
  const seconds: { ours: Array<number>; plain: Array<number> } = { ours: [], plain: [] }
  for (let i = 0; i < Number(given.repeats); i++) {
    seconds.ours.push(await inFolder(ours(dtype)))
    seconds.plain.push(await inFolder(plain(dtype === "f32" ? 4 : 2)))
  }
  const [own, disk] = [median(seconds.ours), median(seconds.plain)]
  const cells = [
    dtype,
    (megabytes / own).toFixed(0),
    (megabytes / disk).toFixed(0),
    `${((100 * disk) / own).toFixed(0)} %`
  ]
  console.log(`| ${cells.join(" | ")} |`)
}
