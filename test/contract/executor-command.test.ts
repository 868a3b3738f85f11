import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Layer from "effect/Layer"
import { afterAll } from "vitest"
import { layer as commandExecutor } from "../../src/execute/command/command-executor.ts"
import { executorContract } from "./executor.ts"
import { groupIsRunning } from "./group-is-running.ts"

const folder = mkdtempSync(join(tmpdir(), "queue-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const queue = `python3 ${join(import.meta.dirname, "..", "execute", "command", "queue.py")} ${folder}`

executorContract(
  "a batch system by its commands",
  Layer.orDie(
    commandExecutor({
      command: {
        poll: 0.3,
        submit: `${queue} submit {script} {output}`,
        id: "<(\\d+)>",
        status: `${queue} status`,
        cancel: `${queue} cancel {ids}`
      }
    })
  ),
  { isRunning: groupIsRunning, isolations: ["process"] }
)
