/** `--from`, `--until`, `--only` and `--force` over a graph: which instances a run concerns, and which run anyway. */
import * as Result from "effect/Result"
import { Unreadable } from "../specification/expression.ts"
import { onCommandLine } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { instancesNamed } from "./instances-named.ts"
import type { Plan } from "./plan.ts"
import type { Graph } from "./stage-instance.ts"

/** Each a stage's name (all its instances), or some of them: `sae[width=512]`. */
export interface RunSelection {
  /** This and everything below it runs again. */
  readonly from?: ReadonlyArray<string>
  /** These and what they need, nothing else: named behind the file on the command line. */
  readonly stages?: ReadonlyArray<string>
  /** The same. */
  readonly until?: ReadonlyArray<string>
  /** Just this: everything above it must be a hit. */
  readonly only?: ReadonlyArray<string>
  /** This one runs even if it is a hit. */
  readonly force?: ReadonlyArray<string>
}

export interface SelectedRun {
  /** Closed upwards: with an instance, all that it needs is wanted. */
  readonly wanted: ReadonlySet<string>
  /** Run even if their results are there. */
  readonly force: ReadonlySet<string>
  /** Above what `--only` names: the run is refused unless these are hits (`notHit`). */
  readonly mustHit: ReadonlySet<string>
}

/** Ids that `start` reaches over `next`, itself included. */
const reach = (start: Iterable<string>, next: ReadonlyMap<string, ReadonlyArray<string>>): Set<string> => {
  const seen = new Set(start)
  // A set that grows while it is walked: each id is visited once.
  for (const id of seen) for (const other of next.get(id) ?? []) seen.add(other)
  return seen
}

const without = (all: ReadonlySet<string>, some: ReadonlySet<string>): Set<string> =>
  new Set([...all].filter((id) => !some.has(id)))

export const selectRun = (graph: Graph, selection: RunSelection): Result.Result<SelectedRun, SpecInvalid> => {
  const problems: Array<Problem> = []
  const above = new Map(graph.instances.map(({ id, needs }) => [id, needs] as const))
  const below = new Map<string, Array<string>>()
  for (const { id, needs } of graph.instances) {
    for (const need of needs) below.set(need, [...(below.get(need) ?? []), id])
  }
  const inOrder = graph.instances.toSorted((a, b) => a.order - b.order)
  const named = (flag: keyof RunSelection): ReadonlySet<string> => {
    const ids = new Set<string>()
    for (const name of selection[flag] ?? []) {
      const found = instancesNamed(inOrder, name)
      if (found instanceof Unreadable) {
        problems.push({
          at: onCommandLine(flag === "stages" ? name : `--${flag} ${name}`),
          path: "",
          message: found.message
        })
      } else for (const { id } of found) ids.add(id)
    }
    return ids
  }
  const until = new Set([...named("until"), ...named("stages")])
  const only = named("only")
  const from = named("from")
  const force = named("force")

  let wanted: ReadonlySet<string> = new Set(above.keys())
  if (until.size > 0) wanted = reach(until, above)
  if (only.size > 0) wanted = until.size > 0 ? reach([...only, ...until], above) : reach(only, above)
  const mustHit = only.size === 0 ? new Set<string>() : without(reach(only, above), new Set([...only, ...until]))
  const again = new Set([...reach(from, below)].filter((id) => wanted.has(id) && !mustHit.has(id)))
  const complain = (flag: "force" | "from", ids: ReadonlySet<string>): void => {
    for (const id of ids) {
      if (wanted.has(id) && !mustHit.has(id)) continue
      const what =
        only.size > 0 ? "--only" : (selection.until ?? []).length > 0 ? "--until" : (selection.stages ?? []).join(", ")
      const message = `${id} is not among what ${what} lets run`
      problems.push({ at: onCommandLine(`--${flag} ${(selection[flag] ?? []).join(" ")}`), path: "", message })
    }
  }
  complain("force", force)
  complain("from", from)
  if (problems.length > 0) return Result.fail(new SpecInvalid({ problems }))
  return Result.succeed({ wanted, force: new Set([...again, ...force]), mustHit })
}

/** For `--only`: what would have to run first, as problems; empty where the run may go on. */
export const notHit = (plan: Plan, selected: SelectedRun, only: ReadonlyArray<string>): ReadonlyArray<Problem> =>
  plan.stages
    .filter(({ instance, action }) => selected.mustHit.has(instance.id) && action !== "hit")
    .map(({ instance }) => ({
      at: onCommandLine(`--only ${only.join(" ")}`),
      path: "",
      message: `${instance.id} has no result yet; run it first, or use --until`
    }))
