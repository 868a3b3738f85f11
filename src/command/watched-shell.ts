/** A shell whose programs are looked at, where the stage is watched: what they open is noted. */
import { join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { ignoreOpened, noteOpened, programsWatched } from "../file/opened-files.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { readTrace } from "./read-trace.ts"
import { shell } from "./shell.ts"
import type { ShellOptions } from "./shell.ts"
import { settledTrace, whyUntraceable } from "./trace-programs.ts"
import { workingFolder } from "./working-folder.ts"

/** @param own folders of the command: what is opened there is no file of the project, wherever they are */
export const watchedShell = Effect.fn("watchedShell")(function* (
  command: string,
  options: Omit<ShellOptions, "trace" | "onStart">,
  own: ReadonlyArray<string>
) {
  const programs = programsWatched()
  if (programs === "no") return yield* shell(command, options)
  const why = yield* Effect.promise(whyUntraceable)
  if (why !== undefined) {
    if (programs === "if possible") return yield* shell(command, options)
    return yield* stageFailed(`--strict: what the command opens cannot be seen: ${why}`, "or run without --strict")
  }
  own.forEach(ignoreOpened)
  const trace = join(yield* workingFolder, "trace")
  let pid = 0
  const exit = yield* shell(command, { ...options, trace, onStart: (started) => (pid = started) })
  const text = yield* Effect.promise(() => settledTrace(trace, pid))
  for (const { path, access } of readTrace(text)) noteOpened(resolve(options.cwd, path), access)
  return exit
})
