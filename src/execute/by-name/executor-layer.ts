/** Finds an executor by its name: `local` in `src/execute/local/local-executor.ts`. A further one is one such file. */
import { existsSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import { codeEnding } from "../../project/code-ending.ts"
import { suggestOrList } from "../../words/did-you-mean.ts"
import type { Executor, ExecutorMisconfigured } from "../executor.ts"
import type { ExecutorSettings } from "../../specification/executor-settings.ts"

export class ExecutorUnknown extends Data.TaggedError("ExecutorUnknown")<{
  readonly name: string
  readonly hint: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `there is no executor "${this.name}"${this.hint}`
  }
}

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const moduleOf = (name: string): string => join(root, name, `${name}-executor${codeEnding}`)

const executorNames = (): ReadonlyArray<string> => readdirSync(root).filter((name) => existsSync(moduleOf(name)))

interface ExecutorModule {
  readonly layer: (settings: ExecutorSettings) => Layer.Layer<Executor, ExecutorMisconfigured>
}

/** @param name @default what the settings say, else this machine */
export const executorLayer = (
  settings: ExecutorSettings,
  name: string = settings.use ?? "local"
): Layer.Layer<Executor, ExecutorUnknown | ExecutorMisconfigured> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const names = executorNames()
      if (!names.includes(name)) return yield* new ExecutorUnknown({ name, hint: suggestOrList(name, names) })
      const module = yield* Effect.promise(() => import(pathToFileURL(moduleOf(name)).href) as Promise<ExecutorModule>)
      return module.layer(settings)
    })
  )
