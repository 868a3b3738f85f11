/**
 * Entry of the command line: data alone on stdout, everything for people on stderr, a failure printed once and last,
 * and the exit codes of the README (0 done, 1 a stage failed, 2 wrong usage or a wrong file, 130 / 143 interrupted).
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as CliError from "effect/cli/CliError"
import * as CliOutput from "effect/cli/CliOutput"
import * as Command from "effect/cli/Command"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Runtime from "effect/Runtime"
import { commandLine } from "./command-line.ts"
import { endAtSecondInterrupt } from "./end-at-once.ts"
import { interruptExitCode } from "./interrupt-exit-code.ts"
import { packageFacts } from "../project/package-facts.ts"

/** A failure that has been told already, with the exit code that it asked for. */
class Told extends Data.TaggedError("Told")<{ readonly exitCode: number }> {
  override readonly [Runtime.errorExitCode]: number = this.exitCode
}

const isShowHelp = (error: unknown): error is CliError.ShowHelp =>
  CliError.isCliError(error) && error._tag === "ShowHelp"

const exitCodeOf = (error: unknown): number => {
  if (typeof error !== "object" || error === null) return 1
  // Effect's own CLI errors ask for 1; wrong usage is 2 here.
  if (isShowHelp(error)) return error.errors.length === 0 ? 0 : 2
  return Runtime.errorExitCode in error ? Number(error[Runtime.errorExitCode]) : 1
}

const tell = (cause: Cause.Cause<unknown>): Effect.Effect<never, Told> => {
  const error = Cause.squash(cause)
  if (!isShowHelp(error)) {
    const text = Cause.hasDies(cause) ? Cause.pretty(cause) : error instanceof Error ? error.message : String(error)
    if (text !== "") process.stderr.write(`${text}\n`)
  }
  return Effect.fail(new Told({ exitCode: exitCodeOf(error) }))
}

/** Wrong usage is told in a few lines; the whole help is for those who ask for it. */
const presenter: CliOutput.Presenter = {
  present: (output) =>
    output._tag === "InvalidInvocation"
      ? Effect.sync(() => {
          const problems = output.errors.map((error) => error.message).join("\n")
          process.stderr.write(`${problems}\nusage: ${output.helpDoc.usage}\n`)
          process.stderr.write(`${output.commandPath.join(" ")} --help tells more\n`)
        })
      : CliOutput.defaultPresenter.present(output)
}

// Who read the data has seen enough (`| head`): there is nothing to tell, and nobody to tell it.
process.stdout.on("error", (cause: NodeJS.ErrnoException) => {
  if (cause.code !== "EPIPE") throw cause
  process.exit(0)
})
endAtSecondInterrupt()
commandLine.pipe(
  Command.run({ version: packageFacts.version }),
  Effect.catchCause((cause) => (Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause as never) : tell(cause))),
  Effect.provide(CliOutput.layerPresenter(presenter)),
  Effect.provideService(References.LogToStderr, true),
  Effect.provide(NodeServices.layer),
  (main) =>
    NodeRuntime.runMain(main as Effect.Effect<void, Told>, {
      disableErrorReporting: true,
      teardown: interruptExitCode()
    })
)
