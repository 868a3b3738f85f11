/**
 * `pipeline why FILE STAGE`: why it would run, value by value - or, for a hit, what made it run when it last did.
 */
import * as Effect from "effect/Effect"
import { formatReason, NEVER_RAN } from "../../plan/explain.ts"
import type { Reason } from "../../plan/explain.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { Store } from "../../store/store.ts"
import type { StageInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { planExperiment, readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { oneStage } from "../experiment/one-stage.ts"
import { formatSeconds } from "../render/words.ts"
import { readEvents } from "../experiment/read-events.ts"

/** The latest run of an experiment in which the instance was computed under this key, with its reasons then. */
const lastComputed = Effect.fn("lastComputed")(function* (experiment: string, id: string, key: string) {
  const store = yield* Store
  for (const run of yield* store.runs) {
    if (run.experiment !== experiment) continue
    for (const event of yield* readEvents(run)) {
      if (event.type === "stage-finished" && event.id === id && event.key === key && event.status === "ran") {
        return { run: run.id, reasons: event.reasons }
      }
    }
  }
  return undefined
})

const indented = (reasons: ReadonlyArray<Reason>): string =>
  reasons.map((reason) => `    ${formatReason(reason)}\n`).join("")

/** Which run has it from where: the result of a hit may be another experiment's. */
const computedText = ({ run, experiment, stage, seconds }: ActionRecord, here: string, id: string): string => {
  const elsewhere = experiment === here ? "" : ` of ${experiment}`
  return `computed in run ${run}${elsewhere}${stage === id ? "" : `, as ${stage}`}, ${formatSeconds(seconds)}`
}

const reasonsThen = (reasons: ReadonlyArray<Reason>): string =>
  reasons.some(({ path }) => path === NEVER_RAN)
    ? "it had no result before\n"
    : reasons.length === 0
      ? ""
      : `it ran then because of\n${indented(reasons)}`

export const why = Effect.fn("why")(function* (input: StageInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const stage = yield* oneStage(plan, input.stage)
      const { id } = stage.instance
      const last = stage.key === undefined ? undefined : yield* lastComputed(experiment.name, id, stage.key)
      if (input.json) {
        const { action, key, manifest, reasons, waitsFor } = stage
        const computed = last === undefined ? null : last
        const json = { id, action, key: key ?? null, manifest: manifest ?? null, reasons, waitsFor, computed }
        process.stdout.write(`${JSON.stringify(json, null, 2)}\n`)
        return
      }
      switch (stage.action) {
        case "hit":
          process.stdout.write(`${id} is a hit: nothing that determines it has changed\n`)
          if (stage.found !== undefined) process.stdout.write(`${computedText(stage.found, experiment.name, id)}\n`)
          if (last !== undefined) process.stdout.write(reasonsThen(last.reasons))
          return
        case "run":
          process.stdout.write(`${id} would run:\n${indented(stage.reasons)}`)
          return
        case "unknown":
          process.stdout.write(`${id} is a hit if what comes out of ${stage.waitsFor.join(", ")} is unchanged\n`)
          if (stage.reasons.length > 0) process.stdout.write(`it has changed itself:\n${indented(stage.reasons)}`)
      }
    })
  )
})
