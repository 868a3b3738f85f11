/** A head process of its own, for tests that kill one: `node head.ts CACHE SPECS [EXECUTOR]`; events go to stdout as NDJSON. */
import { writeSync } from "node:fs"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import { executorLayer } from "../../src/execute/by-name/executor-layer.ts"
import type { ExecutorSettings } from "../../src/specification/executor-settings.ts"
import { run } from "../../src/run/run.ts"
import { layer as localStore } from "../../src/store/local/local-store.ts"
import { makeGraph, optionsFor } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"

const [cache = "", text = "[]", executor = "{}"] = process.argv.slice(2)
const specs = JSON.parse(text) as ReadonlyArray<StageSpec>
const options = optionsFor(specs, (event) => void writeSync(1, `${JSON.stringify(event)}\n`))
NodeRuntime.runMain(
  run(makeGraph(specs), options).pipe(
    Effect.provide([localStore(cache), executorLayer(JSON.parse(executor) as ExecutorSettings)])
  ),
  {
    disableErrorReporting: true
  }
)
