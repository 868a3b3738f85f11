/** A head in a process of its own, and what it tells. */
import { spawn } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { ExecutorSettings } from "../../src/specification/executor-settings.ts"
import type { RunEvent } from "../../src/run/event.ts"
import type { StageSpec } from "./experiment.ts"

export interface Head {
  readonly child: ChildProcess
  readonly events: ReadonlyArray<RunEvent>
  /** The first event that `test` accepts, past or to come. */
  readonly event: (test: (event: RunEvent) => boolean) => Promise<RunEvent>
  readonly exit: Promise<number | NodeJS.Signals | null>
}

export interface HeadOptions {
  readonly everySeconds?: string
  readonly executor?: ExecutorSettings
  readonly env?: Readonly<Record<string, string>>
}

export const startHead = (
  cache: string,
  specs: ReadonlyArray<StageSpec>,
  { everySeconds = "0", executor = {}, env = {} }: HeadOptions = {}
): Head => {
  const args = [join(import.meta.dirname, "head.ts"), cache, JSON.stringify(specs), JSON.stringify(executor)]
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PIPELINE_CHECKPOINT_SECONDS: everySeconds, ...env }
  })
  const events: Array<RunEvent> = []
  const waiting: Array<() => void> = []
  createInterface({ input: child.stdout }).on("line", (line) => {
    events.push(JSON.parse(line) as RunEvent)
    for (const check of waiting) check()
  })
  return {
    child,
    events,
    event: (test) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = events.find(test)
          if (found !== undefined) resolve(found)
        }
        waiting.push(check)
        check()
      }),
    exit: new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)))
  }
}
