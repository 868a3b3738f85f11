import { layer as localExecutor } from "../../src/execute/local/local-executor.ts"
import { executorContract } from "./executor.ts"
import { groupIsRunning } from "./group-is-running.ts"

executorContract("this machine", localExecutor(), {
  isRunning: groupIsRunning,
  isolations: ["process", "pool"]
})
