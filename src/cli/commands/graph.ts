/**
 * `pipeline graph FILE`: its stages and what each takes, for a terminal, Mermaid or Graphviz, with what is a hit now and what
 * failed in the latest run. Where the store or a source cannot be asked, the graph is drawn all the same.
 */
import { styleText } from "node:util"
import * as Effect from "effect/Effect"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import type { Experiment } from "../../experiment/load-experiment.ts"
import { Store } from "../../store/store.ts"
import { runState } from "../../run/run-state.ts"
import { readEvents } from "../../run/read-events.ts"
import type { GraphInput } from "../flags/flags.ts"
import { dotGraph } from "../graph/dot-graph.ts"
import { graphNodes } from "../graph/graph-node.ts"
import type { NodeState } from "../graph/graph-node.ts"
import { mermaidGraph } from "../graph/mermaid-graph.ts"
import { terminalGraph } from "../graph/terminal-graph.ts"

const colours = { hit: "green", run: "yellow", unknown: "gray", running: "blue", failed: "red" } as const

const paint = (state: NodeState, text: string): string => styleText(colours[state], text, { stream: process.stdout })

/** What would be done with each instance, and what the latest run says of those that have no result. */
const statesOf = Effect.fn("statesOf")(function* (experiment: Experiment) {
  const { plan } = yield* planExperiment(experiment)
  const states = new Map(
    plan.stages.map(({ instance, action, reasons }): readonly [string, NodeState] => [
      instance.id,
      action === "unknown" && reasons.length > 0 ? "run" : action
    ])
  )
  const store = yield* Store
  const latest = (yield* store.runs).find((run) => run.experiment === experiment.name)
  if (latest === undefined) return states
  const run = runState(yield* readEvents(latest))
  for (const { instance, action, key } of plan.stages) {
    const stage = run.stages.get(instance.id)
    if (action === "hit" || stage === undefined) continue
    if (stage.status === "running" && run.finished === undefined) states.set(instance.id, "running")
    // What failed under another key may do better now.
    if (stage.status === "failed" && (key === undefined || stage.key === key)) states.set(instance.id, "failed")
  }
  return states
})

export const graph = Effect.fn("graph")(function* (input: GraphInput) {
  const experiment = yield* readExperiment(input)
  const states = yield* withStore(experiment.project, statesOf(experiment)).pipe(
    Effect.catch((error) =>
      Effect.sync(() => {
        process.stderr.write(`drawn without what is a hit, which cannot be told: ${error.message}\n`)
        return new Map<string, NodeState>()
      })
    )
  )
  const nodes = graphNodes(experiment.compiled.graph.instances, !input.instances, (id) => states.get(id))
  const text = input.mermaid
    ? mermaidGraph(nodes)
    : input.dot
      ? dotGraph(experiment.compiled.name, nodes)
      : terminalGraph(nodes, paint)
  process.stdout.write(`${text}\n`)
})
