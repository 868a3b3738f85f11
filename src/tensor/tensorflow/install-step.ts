/** What the steps of building the tensorflow engine share: how they report and how they fail. */
import * as Effect from "effect/Effect"
import { EngineUnavailable } from "../engine-unavailable.ts"
import { runCommand } from "./run-command.ts"

export interface InstallProgress {
  readonly step: "wait" | "download" | "check" | "unpack" | "compile" | "try"
  readonly message: string
  /** Bytes, where the step counts any. */
  readonly done?: number
  readonly total?: number
}

export const unavailable = (reason: string, fix = "Run `pipeline doctor` to see what is missing") =>
  new EngineUnavailable({ engine: "tensorflow", reason, fix })

export const attempt = <A>(what: string, action: () => Promise<A>) =>
  Effect.tryPromise({
    try: action,
    catch: (error) => unavailable(`${what} failed: ${error instanceof Error ? error.message : String(error)}`)
  })

export const command = (what: string, ...args: Parameters<typeof runCommand>) =>
  runCommand(...args).pipe(Effect.mapError((error) => unavailable(`${what} failed: ${error.message}`)))
