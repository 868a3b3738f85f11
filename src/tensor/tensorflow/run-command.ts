/** Runs a build step as a child process; its interruption kills the child, its failure carries the end of its output. */
import { spawn } from "node:child_process"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly command: string
  readonly outcome: string
  readonly output: string
}> {
  override get message() {
    return `${this.command} ${this.outcome}${this.output === "" ? "" : `: ${this.output}`}`
  }
}

/** Compilers and pip say what went wrong at the end. */
const KEPT_OUTPUT = 2_000

export const runCommand = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> }
): Effect.Effect<void, CommandFailed> =>
  Effect.callback<void, CommandFailed>((resume) => {
    let output = ""
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString("utf8")).slice(-KEPT_OUTPUT)
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    const fail = (outcome: string) =>
      resume(Effect.fail(new CommandFailed({ command: [command, ...args].join(" "), outcome, output: output.trim() })))
    child.on("error", (error) => fail(`could not be started (${error.message})`))
    child.on("close", (code, signal) => {
      if (code === 0) return resume(Effect.void)
      return fail(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
    })
    return Effect.sync(() => child.kill())
  })
