/**
 * `pipeline why FILE STAGE`: why it would run, value by value - or, for a hit, what made it run when it last did.
 */
import * as Effect from "effect/Effect"
import { formatReason, NEVER_RAN } from "../../plan/explain.ts"
import type { Reason } from "../../plan/explain.ts"
import type { PlannedStage } from "../../plan/plan.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { Store } from "../../store/store.ts"
import type { StageInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { namedStages } from "../experiment/one-stage.ts"
import { someOf } from "../../words/some-of.ts"
import { formatSeconds } from "../render/words.ts"
import { readEvents } from "../../run/read-events.ts"

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

type Last = Effect.Success<ReturnType<typeof lastComputed>>

const whyText = (
  { instance: { id }, action, found, reasons, waitsFor }: PlannedStage<ActionRecord>,
  last: Last,
  experiment: string
): string => {
  switch (action) {
    case "hit":
      return [
        `${id} is a hit: nothing that determines it has changed\n`,
        found === undefined ? "" : `${computedText(found, experiment, id)}\n`,
        last === undefined ? "" : reasonsThen(last.reasons)
      ].join("")
    case "run":
      return `${id} would run:\n${indented(reasons)}`
    case "unknown":
      return reasons.length === 0
        ? `${id} is a hit if what comes out of ${someOf(waitsFor)} is unchanged\n`
        : `${id} would run, after ${someOf(waitsFor)}:\n${indented(reasons)}`
  }
}

const whyJson = (
  { instance: { id }, action, key, manifest, reasons, waitsFor }: PlannedStage<ActionRecord>,
  computed: Last
) => ({ id, action, key: key ?? null, manifest: manifest ?? null, reasons, waitsFor, computed: computed ?? null })

export const why = Effect.fn("why")(function* (input: StageInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const answers = yield* Effect.forEach(yield* namedStages(plan, input.stage), (stage) =>
        Effect.map(
          stage.key === undefined
            ? Effect.succeed(undefined)
            : lastComputed(experiment.name, stage.instance.id, stage.key),
          (last) => ({ stage, last })
        )
      )
      if (input.json) {
        const all = answers.map(({ stage, last }) => whyJson(stage, last))
        process.stdout.write(`${JSON.stringify(all.length === 1 ? all[0] : all, null, 2)}\n`)
        return
      }
      const texts = answers.map(({ stage, last }) => whyText(stage, last, experiment.name))
      process.stdout.write(texts.join("\n"))
    })
  )
})
