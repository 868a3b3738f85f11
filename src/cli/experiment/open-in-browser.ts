/** Shows a file with the program that this desktop has for it. */
import { spawn } from "node:child_process"
import * as Effect from "effect/Effect"

const openers: Partial<Record<NodeJS.Platform, readonly [string, ...ReadonlyArray<string>]>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""]
}

/** Succeeds with what is wrong where nothing can be opened: a machine without a desktop has the file all the same. */
export const openInBrowser = (path: string): Effect.Effect<string | undefined> =>
  Effect.callback((resume) => {
    const [program, ...args] = openers[process.platform] ?? ["xdg-open"]
    const child = spawn(program, [...args, path], { stdio: "ignore", detached: true })
    child.once("error", (cause) => resume(Effect.succeed(`${program} cannot be started (${cause.message})`)))
    child.once("exit", (code) =>
      resume(Effect.succeed(code === 0 ? undefined : `${program} ended with code ${String(code)}`))
    )
  })
