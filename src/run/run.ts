/** The executor: runs what is missing of a graph, in order, and tells what it does. */
import * as Effect from "effect/Effect"
import type { Graph } from "../plan/stage-instance.ts"
import type { Store } from "../store/store.ts"
import type { StoreUnwritable } from "../store/store-unwritable.ts"
import type { Backend } from "./backend.ts"
import type { RunOptions, RunResult } from "./run-options.ts"

/** A failed stage is in the result; an error is what kept the run itself from going on. */
export declare const run: (
  graph: Graph,
  options: RunOptions
) => Effect.Effect<RunResult, StoreUnwritable, Store | Backend>
