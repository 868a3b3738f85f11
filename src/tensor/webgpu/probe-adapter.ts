/**
 * Looks for a GPU in a process of its own: drivers print what they like on stderr, stay in memory, and one that crashes
 * must not take the command with it.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import type { AdapterFacts } from "./adapter.ts"

const PROGRAM = fileURLToPath(new URL("print-adapter.ts", import.meta.url))
const MOST_MILLISECONDS = 20_000

export const probeAdapter: Effect.Effect<AdapterFacts> = Effect.tryPromise(() =>
  promisify(execFile)(process.execPath, [PROGRAM], { timeout: MOST_MILLISECONDS })
).pipe(
  Effect.map(({ stdout }) => JSON.parse(stdout) as AdapterFacts),
  Effect.catch(() => Effect.succeed("looking for a GPU crashed or hung: a driver is broken"))
)
