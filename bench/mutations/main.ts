/**
 * Damages files of every format that comes from outside, COUNT times each (10,000), and reads them as the program does:
 *
 *     node bench/mutations/main.ts [COUNT] [FORMAT...]
 *
 * Each format is read in a child process at low priority. Told as faults: an error in the words of the runtime or without the
 * file's name, a file that takes more than 5 s of computing, one that takes more than 64 MiB and ten times its size, an end of the child.
 */
import { spawn } from "node:child_process"
import { setPriority } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { type FormatName, formatNames } from "../../test/mutations/formats.ts"

const MOST_MS = 5_000
/** Above the garbage that a reader leaves behind until it is collected. */
const SPARE_BYTES = 64 * 2 ** 20
const SHOWN = 12

interface Line {
  readonly number: number
  readonly starts?: true
  readonly outcome?: "read" | "refused"
  readonly problem?: string
  readonly milliseconds?: number
  readonly size?: number
  readonly grown?: number
}

interface Tally {
  read: number
  refused: number
  slowest: number
  readonly faults: Array<string>
}

/** Reads from `from` on until all are done or the child ends. @returns the number to go on with */
const readSome = async (name: FormatName, from: number, to: number, tally: Tally): Promise<number> => {
  const reader = join(import.meta.dirname, "reader.ts")
  const flags = ["--disable-warning=ExperimentalWarning", "--max-old-space-size=1024"]
  const child = spawn(process.execPath, [...flags, reader, name, String(from), String(to)], {
    stdio: ["ignore", "ignore", "ignore", "pipe"]
  })
  setPriority(child.pid as number, 15)
  let at: { readonly number: number; readonly since: number } | undefined
  let next = from
  const ended = new Promise<string>((resolve) =>
    child.once("exit", (code, signal) => resolve(signal ?? `code ${code}`))
  )
  const watch = setInterval(() => {
    if (at !== undefined && Date.now() - at.since > 12 * MOST_MS) child.kill("SIGKILL")
  }, 1000)
  for await (const text of createInterface({ input: child.stdio[3] as Readable })) {
    const line = JSON.parse(text) as Line
    if (line.starts === true) {
      at = { number: line.number, since: Date.now() }
      continue
    }
    at = undefined
    next = line.number + 1
    const { milliseconds = 0, grown = 0, size = 0 } = line
    if (line.outcome === "read") tally.read++
    else tally.refused++
    tally.slowest = Math.max(tally.slowest, milliseconds)
    if (line.problem !== undefined) tally.faults.push(`${name} ${line.number}: ${line.problem}`)
    if (milliseconds > MOST_MS) tally.faults.push(`${name} ${line.number}: took ${(milliseconds / 1000).toFixed(1)} s`)
    if (grown > SPARE_BYTES + 10 * size) {
      tally.faults.push(`${name} ${line.number}: ${(grown / 2 ** 20).toFixed(0)} MiB for ${size} bytes`)
    }
  }
  clearInterval(watch)
  const how = await ended
  if (next >= to) return next
  tally.faults.push(`${name} ${at?.number ?? next}: its reader ended by ${how}`)
  return (at?.number ?? next) + 1
}

const [given, ...wanted] = process.argv.slice(2)
const count = Number(given ?? 10_000)
let faults = 0
for (const name of wanted.length > 0 ? (wanted as ReadonlyArray<FormatName>) : formatNames) {
  const tally: Tally = { read: 0, refused: 0, slowest: 0, faults: [] }
  for (let next = 0; next < count;) next = await readSome(name, next, count, tally)
  faults += tally.faults.length
  const { read, refused, slowest } = tally
  console.log(
    `${name}: ${count} mutations, ${read} read, ${refused} refused, slowest ${slowest.toFixed(0)} ms, ${tally.faults.length} faults`
  )
  for (const fault of tally.faults.slice(0, SHOWN)) console.log(`  ${fault}`)
}
process.exitCode = faults === 0 ? 0 : 1
