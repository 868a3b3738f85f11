/** What the tensorflow engine turns out to be when it is loaded, found in a process of its own: on which device, with which kernels. */
import { execFile, type ExecFileException } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Effect from "effect/Effect"
import { codeEnding } from "../../project/code-ending.ts"
import type { EngineInfo } from "../engine-info.ts"

export type EngineFacts =
  | {
      readonly info: EngineInfo
      /** Of the sparse half of a training step (1024 rows, 512 to 4096, k 32); null where it was not measured. */
      readonly stepMilliseconds: number | null
    }
  | { readonly problem: string }

const PROGRAM = fileURLToPath(new URL(`try-engine${codeEnding}`, import.meta.url))
const MOST_MILLISECONDS = 120_000

/** @param env on top of this process's: `CUDA_VISIBLE_DEVICES` chooses the device */
export const engineFacts = (options: {
  readonly env?: Readonly<Record<string, string>>
  readonly time: boolean
}): Effect.Effect<EngineFacts> =>
  Effect.tryPromise({
    try: () =>
      promisify(execFile)(process.execPath, [PROGRAM, ...(options.time ? ["--time"] : [])], {
        timeout: MOST_MILLISECONDS,
        env: { ...process.env, ...options.env }
      }),
    catch: (error) => error as ExecFileException
  }).pipe(
    Effect.map(({ stdout }) => JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as EngineFacts),
    Effect.catch(({ killed, signal, code, stderr }) => {
      const how = killed === true ? "hung" : `ended with ${signal ?? code}`
      return Effect.succeed<EngineFacts>({ problem: `loading it ${how}: ${stderr?.trim().split("\n").at(-1) ?? ""}` })
    })
  )
