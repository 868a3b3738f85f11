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
import * as Effect from "effect/Effect"
import { loadBody, modelWarnings } from "../../src/model/load-model.ts"
import { loadTestEngine } from "../../test/engine.ts"
import { compareCheckpoint, tolerance } from "../../test/golden/compare-checkpoint.ts"
import { openCheckpoint } from "../../test/model/own-golden.ts"
import { makeTally } from "./tally.ts"

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
const tally = makeTally(tolerance, verbose)
for (const folder of folders) {
  const info = JSON.parse(readFileSync(join(root, folder, "info.json"), "utf8")) as Info
  tally.add({ folder, ...info }, await Effect.runPromiseExit(read(join(root, folder), info)))
}
tally.end()
