/**
 * Runs several command lines one after the other in one process of its own, as a person would type them: starting one costs more
 * than most commands. `node cli-session.ts '[["plan","x.yaml"],...]'` prints what each gave.
 */
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as References from "effect/References"
import { commandLine } from "../../src/cli/command-line.ts"

export interface Spoken {
  readonly stdout: string
  /** With the message of what it failed of. */
  readonly stderr: string
  readonly failed: boolean
}

const speak = async (args: ReadonlyArray<string>): Promise<Spoken> => {
  const said = { stdout: "", stderr: "" }
  const originals = { stdout: process.stdout.write, stderr: process.stderr.write }
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = (chunk: string | Uint8Array) => {
      said[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString()
      return true
    }
  }
  const exit = await Effect.runPromiseExit(
    Command.runWith(commandLine, { version: "" })(args).pipe(
      Effect.provideService(References.LogToStderr, true),
      Effect.provide(NodeServices.layer)
    )
  )
  for (const name of ["stdout", "stderr"] as const) process[name].write = originals[name]
  const problem = Exit.isSuccess(exit) ? "" : String(Cause.squash(exit.cause))
  return { stdout: said.stdout, stderr: said.stderr + problem, failed: Exit.isFailure(exit) }
}

/** What each command line gave, in their order. */
export const session = (
  directory: string,
  lines: ReadonlyArray<ReadonlyArray<string>>,
  environment: Readonly<Record<string, string>> = {}
): Promise<ReadonlyArray<Spoken>> => {
  const child = spawn(process.execPath, [import.meta.filename, JSON.stringify(lines)], {
    cwd: directory,
    env: { ...process.env, NO_COLOR: "1", PIPELINE_CACHE: "", ...environment },
    // What writes past the streams (`--json` of a run) is not for this.
    stdio: ["ignore", "ignore", "inherit", "pipe"]
  })
  let out = ""
  child.stdio[3]?.on("data", (chunk: Buffer) => (out += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.once("close", (code) =>
      code === 0
        ? resolve(JSON.parse(out) as ReadonlyArray<Spoken>)
        : reject(new Error(`the session ended with ${code}`))
    )
  })
}

if (process.argv[1] === import.meta.filename) {
  const lines = JSON.parse(process.argv[2] ?? "[]") as ReadonlyArray<ReadonlyArray<string>>
  const all: Array<Spoken> = []
  for (const line of lines) all.push(await speak(line))
  writeFileSync(3, JSON.stringify(all))
}
