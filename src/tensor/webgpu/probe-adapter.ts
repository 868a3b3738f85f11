/**
 * Looks for a GPU in a process of its own: drivers print what they like on stderr, stay in memory, and one that crashes
 * must not take the command with it.
 */
import { execFile, type ExecFileException } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import { codeEnding } from "../../project/code-ending.ts"
import type { AdapterFacts } from "./adapter.ts"

const PROGRAM = fileURLToPath(new URL(`print-adapter${codeEnding}`, import.meta.url))
const MOST_MILLISECONDS = 20_000

export const probeAdapter: Effect.Effect<AdapterFacts> = Effect.tryPromise({
  try: () => promisify(execFile)(process.execPath, [PROGRAM], { timeout: MOST_MILLISECONDS }),
  catch: (error) => error as ExecFileException
}).pipe(
  Effect.map(({ stdout }) => JSON.parse(stdout) as AdapterFacts),
  Effect.catch(({ killed, signal, code, stderr }) => {
    const how = killed === true ? "hung" : `ended with ${signal ?? code}`
    return Effect.succeed(`looking for a GPU ${how}: ${stderr?.trim().split("\n").at(-1) || "its driver says nothing"}`)
  })
)
