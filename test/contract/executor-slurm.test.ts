import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, it } from "vitest"
import { layer as slurmExecutor } from "../../src/execute/slurm/slurm-executor.ts"
import { startSlurm } from "../execute/slurm/slurm-server.ts"
import { executorContract } from "./executor.ts"
import { groupIsRunning } from "./group-is-running.ts"

const server = await startSlurm(mkdtempSync(join(tmpdir(), "slurm-")))
afterAll(() => server?.stop())
if (server === undefined) it.skip("needs a Slurm of its own", () => {})
else
  executorContract("a Slurm cluster", slurmExecutor({ slurm: { poll: 0.3 } }), {
    isRunning: groupIsRunning,
    isolations: ["process"]
  })
