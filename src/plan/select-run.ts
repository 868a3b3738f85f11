/** `--from`, `--until`, `--only` and `--force` over a graph: which instances a run concerns, and which run anyway. */
import * as Result from "effect/Result"
import { suggestOrList } from "../spec/did-you-mean.ts"
import { onCommandLine } from "../spec/location.ts"
import type { Problem } from "../spec/problem.ts"
import { SpecInvalid } from "../spec/spec-invalid.ts"
import { parseStageName } from "./stage-name.ts"
import type { Plan } from "./plan.ts"
import type { Graph, StageInstance } from "./stage-instance.ts"

/** Each a stage's name (all its instances), or some of them: `sae[width=512]`. */
export interface RunSelection {
  /** This and everything below it runs again. */
  readonly from?: ReadonlyArray<string>
  /** This and what it needs, nothing else. */
  readonly until?: ReadonlyArray<string>
  /** Just this: everything above it must be a hit. */
  readonly only?: ReadonlyArray<string>
  /** This one runs even if it is a hit. */
  readonly force?: ReadonlyArray<string>
}

export interface SelectedRun {
  readonly wanted: ReadonlySet<string>
  readonly force: ReadonlySet<string>
  /** Above what `--only` names: a run is refused unless these are hits. */
  readonly mustHit: ReadonlySet<string>
}

/** Ids that `start` reaches over `next`, itself included. */
const reach = (start: Iterable<string>, next: ReadonlyMap<string, ReadonlyArray<string>>): Set<string> => {
  const seen = new Set(start)
  for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other)
  return seen
}

/** Instances that a name on the command line stands for, or why it stands for none. */
export const instancesNamed = (graph: Graph, name: string): ReadonlyArray<StageInstance> | string => {
  const parsed = parseStageName(name)
  if (typeof parsed === "string") return parsed
  const ofStage = graph.instances.filter((instance) => instance.stage === parsed.stage)
  if (ofStage.length === 0) {
    const stages = [...new Set(graph.instances.map((instance) => instance.stage))]
    return `there is no stage "${parsed.stage}"${suggestOrList(parsed.stage, stages)}`
  }
  return parsed.select(ofStage)
}
