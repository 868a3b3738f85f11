/** Runs one of the batch system's own programs to its end. */
import { execFile } from "node:child_process"
import * as Effect from "effect/Effect"

export interface ProgramEnd {
  /** 127: there is no such program. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A controller that is busy answers late; one that is gone does not answer at all. */
const TIMEOUT_MS = 120_000

export const runProgram = (
  program: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Effect.Effect<ProgramEnd> =>
  Effect.callback((resume) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: 64 << 20, env: { ...process.env, ...environment } }
    execFile(program, [...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : error.code === "ENOENT" ? 127 : 1
      const said = stderr === "" && error !== null ? error.message : stderr
      resume(Effect.succeed({ code, stdout, stderr: said.trim() }))
    })
  })
