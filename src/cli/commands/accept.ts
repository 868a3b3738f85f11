/**
 * `pipeline accept FILE STAGE...`: the author knows that a change of code alters nothing. The last results stand under the keys
 * of the new code from then on, recorded as accepted; `--undo` takes that back. More than code is refused unless `--also` names it.
 */
import * as Effect from "effect/Effect"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import type { Experiment } from "../../experiment/load-experiment.ts"
import { formatReason } from "../../plan/explain.ts"
import { instancesNamed } from "../../plan/instances-named.ts"
import type { Plan, PlannedStage } from "../../plan/plan.ts"
import { Unreadable } from "../../specification/expression.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { Store } from "../../store/store.ts"
import { beyondCode } from "../experiment/beyond-code.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { AcceptInput } from "../flags/flags.ts"

type Planned = PlannedStage<ActionRecord>

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const namedIn = Effect.fn("namedIn")(function* ({ stages }: Plan<ActionRecord>, names: ReadonlyArray<string>) {
  const instances = stages.map(({ instance }) => instance)
  const ids = new Set<string>()
  for (const name of names) {
    const found = instancesNamed(instances, name)
    if (found instanceof Unreadable) return yield* new UsageError({ problem: found.message })
    for (const { id } of found) ids.add(id)
  }
  return stages.filter(({ instance }) => ids.has(instance.id))
})

/** Everything that cannot be accepted, before anything is. */
const refuse = (stages: ReadonlyArray<Planned>, also: ReadonlyArray<string>) => {
  const problems = stages.flatMap(({ instance, action, reasons }) => {
    if (action === "hit") return []
    const beyond = beyondCode(reasons, also)
    if (beyond === undefined) return [`${instance.id} has no earlier result: only \`pipeline run\` makes one`]
    if (beyond.length === 0) return []
    const paths = [...new Set(beyond.map(({ path }) => path))]
    return [
      `${instance.id}: more than its code differs:`,
      ...beyond.map((reason) => `    ${formatReason(reason)}`),
      `  where that alters nothing either, say so: ${paths.map((path) => `--also '${path}'`).join(" ")}`
    ]
  })
  return problems.length === 0 ? Effect.void : Effect.fail(new UsageError({ problem: problems.join("\n") }))
}

const acceptOne = Effect.fn("acceptOne")(function* (experiment: Experiment, stage: Planned) {
  const store = yield* Store
  const { id } = stage.instance
  const last = (yield* store.lastKeys(experiment.name))[id]
  const before = last === undefined ? undefined : yield* store.action(last)
  if (before === undefined || stage.key === undefined || stage.manifest === undefined) return
  const { key, manifest, notes } = stage
  yield* store.commit({
    ...before,
    key,
    manifest,
    notes,
    stage: id,
    experiment: experiment.name,
    acceptedFrom: before.key
  })
  yield* store.rememberKeys(experiment.name, { [id]: key })
  say(`accepted ${id}: ${stage.reasons.map(formatReason).join("; ")}`)
})

/** From the top down: what is accepted above makes the keys below known. */
const acceptAll = Effect.fn("acceptAll")(function* (experiment: Experiment, input: AcceptInput) {
  let accepted = 0
  for (;;) {
    const stages = yield* namedIn((yield* planExperiment(experiment)).plan, input.stages)
    yield* refuse(stages, input.also)
    const ready = stages.filter(({ action }) => action === "run")
    for (const stage of ready) yield* acceptOne(experiment, stage)
    accepted += ready.length
    if (ready.length > 0) continue
    const waiting = stages.filter(({ action }) => action === "unknown")
    if (waiting.length > 0) {
      const lines = waiting.map(({ instance, waitsFor }) => `${instance.id} stands below ${waitsFor.join(", ")}`)
      return yield* new UsageError({ problem: `${lines.join("\n")}\n  which would run: accept those too, or run them` })
    }
    if (accepted === 0) say("nothing to accept: every stage that is named is a hit")
    else say("the same command with --undo takes it back")
    return
  }
})

const undo = Effect.fn("undo")(function* (experiment: Experiment, input: AcceptInput) {
  const store = yield* Store
  const stages = yield* namedIn((yield* planExperiment(experiment)).plan, input.stages)
  let undone = 0
  for (const { instance, found } of stages) {
    // What was computed since then stands by itself.
    if (found === undefined || found.acceptedFrom === null) continue
    const attempts = yield* store.actions(found.key)
    yield* Effect.forEach(
      attempts.filter(({ acceptedFrom }) => acceptedFrom !== null),
      ({ key, attempt }) => store.retract(key, attempt)
    )
    yield* store.rememberKeys(experiment.name, { [instance.id]: found.acceptedFrom })
    say(`no longer accepted: ${instance.id}`)
    undone++
  }
  if (undone === 0)
    yield* new UsageError({ problem: "nothing to undo: no stage that is named has a result that was accepted" })
})

export const accept = Effect.fn("accept")(function* (input: AcceptInput) {
  const experiment = yield* readExperiment(input)
  yield* withStore(experiment.project.cache, input.undo ? undo(experiment, input) : acceptAll(experiment, input))
})
