import { spawn } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, expect } from "vitest"
import { temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"
import { killedContexts, killedParams } from "./capture-child.ts"
import { captured, captureInputs, filesOf, time } from "../sae/small-text.ts"

beforeAll(loadTestEngine)

/** Progress in tokens, up to `killAt`, where the child is killed; to the end without. */
const child = (
  temporary: string,
  args: ReadonlyArray<string>,
  killAt = Number.POSITIVE_INFINITY
): Promise<ReadonlyArray<number>> =>
  new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [join(import.meta.dirname, "capture-child.ts"), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      // What a killed process cannot remove goes with the test's own folder.
      env: { ...process.env, TMPDIR: temporary }
    })
    const seen: Array<number> = []
    createInterface({ input: running.stdout }).on("line", (line) => {
      seen.push(Number(line))
      if (Number(line) >= killAt) running.kill("SIGKILL")
    })
    running.once("close", (code, signal) =>
      code === 0 || signal === "SIGKILL" ? resolve(seen) : reject(new Error(`the child ended with ${code}`))
    )
  })

it.effect(
  "a capture killed with -9 twice ends with the bytes of one that was not",
  () =>
    Effect.gen(function* () {
      const undisturbed = yield* captured(yield* captureInputs(killedContexts), killedParams)
      const root = yield* temporaryDirectory
      const output = yield* temporaryDirectory
      const [first, second] = [join(root, "1", "checkpoint"), join(root, "2", "checkpoint")]
      const total = killedContexts * time
      yield* Effect.promise(() => child(root, [first, join(root, "lost")], 0.4 * total))
      yield* Effect.promise(() => child(root, [second, join(root, "lost"), first], 0.8 * total))
      const seen = yield* Effect.promise(() => child(root, [second, output]))
      expect(seen[0]).toBeGreaterThan(0.5 * total)
      expect(seen.at(-1)).toBe(total)
      expect(filesOf(output)).toEqual(filesOf(undisturbed.directory))
    }),
  240_000
)
