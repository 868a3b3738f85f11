/**
 * Training on rows that the system does not have in memory, which are read from the disk in a random order: with those of the next batch
 * read beside each step, without, and where all are in memory.
 *   node bench/sae-step/cold-rows.ts [--megabytes 1024] [--steps 40] [--repeats 3] [--folder DIR]
 * The file is let go of before each run (`dd oflag=nocache`), and is large enough that few rows are on a page that came with another one.
 */
import { spawnSync } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import type { RowSource } from "../../src/activations/row-source.ts"
import { readAhead } from "../../src/file/read-ahead.ts"
import * as Rng from "../../src/random/rng.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { architectureOf, stepOptions } from "./own-step.ts"

const { values: given } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1024" },
    steps: { type: "string", default: "40" },
    repeats: { type: "string", default: "3" },
    folder: { type: "string", default: tmpdir() }
  }
})
const [d_in, d_sae, batch] = [768, 12_288, 2048]
const rowBytes = 4 * d_in
const rows = Math.floor((Number(given.megabytes) * 2 ** 20) / rowBytes)
const folder = mkdtempSync(join(given.folder, "cold-rows-"))
const path = join(folder, "rows.f32")
const rng = Rng.make(0, "bench cold-rows")
const block = Float32Array.from({ length: 4096 * d_in }, () => rng.normal())
const written = openSync(path, "w")
for (let first = 0; first < rows; first += 4096)
  writeSync(written, block.subarray(0, Math.min(4096, rows - first) * d_in))
closeSync(written)
await Effect.runPromise(loadEngine("auto", { threads: 2 }))

const ways = ["from memory", "waiting for the disk", "read ahead"] as const

const run = (way: (typeof ways)[number]): Promise<number> =>
  Effect.gen(function* () {
    if (way === "from memory") spawnSync("cat", [path], { stdio: "ignore" })
    else spawnSync("dd", [`of=${path}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
    const file = openSync(path, "r")
    const ahead = yield* readAhead(file)
    const source: RowSource = {
      rows,
      d_in,
      gather: (indices, into) => {
        const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
        for (const [i, row] of indices.entries()) readSync(file, bytes, i * rowBytes, rowBytes, row * rowBytes)
      },
      ...(way === "read ahead"
        ? { ahead: (indices) => ahead(Float64Array.from(indices, (row) => row * rowBytes).toSorted(), rowBytes) }
        : {})
    }
    const shape = { d_in, d_sae, batch, k: 32, bias: 0, transcoder: false }
    const options = { ...stepOptions(architectureOf("topk"), shape, "auto"), steps: Number(given.steps) }
    const ends: Array<number> = []
    const due = (): boolean => {
      ends.push(performance.now())
      return false
    }
    const checkpoint = { due, load: Effect.succeed(undefined), save: () => Effect.void }
    yield* trainSae(source, options, { checkpoint })
    closeSync(file)
    return ((ends.at(-1) as number) - (ends[1] as number)) / (ends.length - 2)
  }).pipe(Effect.scoped, Effect.runPromise)

const found = new Map<string, Array<number>>(ways.map((way) => [way, []]))
for (let i = 0; i < Number(given.repeats); i++) {
  for (const way of ways) found.get(way)?.push(await run(way))
}
console.log(`| rows (${given.megabytes} MB) | a step, ms: median (all) |`)
console.log("| --- | --- |")
for (const [way, times] of found) {
  const sorted = times.toSorted((a, b) => a - b)
  console.log(`| ${way} | ${sorted[sorted.length >> 1]?.toFixed(0)} (${times.map((ms) => ms.toFixed(0)).join(", ")}) |`)
}
rmSync(folder, { recursive: true, force: true })
