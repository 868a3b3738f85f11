/**
 * Checkpoints of the reference library (`make-models.py`), read here: right, refused by name, or silently wrong.
 *
 *     node bench/fidelity/models.ts FOLDER [--verbose]
 *
 * Right: the residual stream around each block and the logits within 2e-4 of the library's. A folder whose `info.json` says
 * `refused` has to be refused. Ends with 1 where anything is silently wrong, or read though it had to be refused.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { loadBody, modelWarnings } from "../../src/model/load-model.ts"
import { loadTestEngine } from "../../test/engine.ts"
import { compareCheckpoint, tolerance } from "../../test/golden/compare-checkpoint.ts"
import { openCheckpoint } from "../../test/model/own-golden.ts"

interface Info {
  readonly family: string
  readonly refused?: string
}

const read = Effect.fn("read")(function* (folder: string, info: Info) {
  const handle = yield* openCheckpoint(folder)
  const warnings = yield* modelWarnings(handle.config, yield* handle.weights)
  if (info.refused !== undefined) {
    yield* loadBody(handle)
    return { warnings, difference: undefined }
  }
  return { warnings, difference: Math.max(...Object.values(yield* compareCheckpoint(folder))) }
}, Effect.scoped)

const root = resolve(process.argv[2] ?? ".")
const verbose = process.argv.includes("--verbose")
const folders = readdirSync(root)
  .filter((name) => existsSync(join(root, name, "info.json")))
  .toSorted()

await loadTestEngine()
const outcomes = ["right", "refused", "refused, though valid", "read, though to be refused", "silently wrong"] as const
type Outcome = (typeof outcomes)[number]
const table = new Map<string, Record<Outcome, number>>()
let worst = 0
for (const folder of folders) {
  const info = JSON.parse(readFileSync(join(root, folder, "info.json"), "utf8")) as Info
  const exit = await Effect.runPromiseExit(read(join(root, folder), info))
  let outcome: Outcome
  let detail = ""
  if (Exit.isFailure(exit)) {
    outcome = info.refused === undefined ? "refused, though valid" : "refused"
    detail = Cause.prettyErrors(exit.cause)
      .map(({ message }) => message)
      .join("; ")
  } else {
    const { difference, warnings } = exit.value
    outcome =
      difference === undefined ? "read, though to be refused" : difference < tolerance ? "right" : "silently wrong"
    detail = [difference?.toExponential(1) ?? info.refused, ...warnings.map((warning) => `warning: ${warning}`)].join(
      "; "
    )
    if (outcome === "right") worst = Math.max(worst, difference as number)
  }
  const row = table.get(info.family) ?? (Object.fromEntries(outcomes.map((one) => [one, 0])) as Record<Outcome, number>)
  row[outcome] += 1
  table.set(info.family, row)
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
