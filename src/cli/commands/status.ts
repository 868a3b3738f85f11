/** `pipeline status FILE`: which results are there, with their headline metrics. */
import * as Effect from "effect/Effect"
import type { PlannedStage } from "../../plan/plan.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import type { PlanInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { columns } from "../render/columns.ts"
import { headlineText } from "../render/event-line.ts"
import { formatSeconds, formatTable } from "../render/words.ts"

/** More names than these help nobody. */
const SHOWN_WAITS = 3

const row = ({ instance, action, found, waitsFor }: PlannedStage<ActionRecord>): ReadonlyArray<string> => {
  if (action !== "hit" || found === undefined) {
    if (waitsFor.length === 0) return [instance.id, "to run"]
    const named = waitsFor.slice(0, SHOWN_WAITS).join(", ")
    return [
      instance.id,
      `waits for ${named}${waitsFor.length > SHOWN_WAITS ? ` and ${waitsFor.length - SHOWN_WAITS} more` : ""}`
    ]
  }
  const headline = headlineText(found.metrics, instance.kind.headline)
  return [instance.id, "there", formatSeconds(found.seconds), found.digest.slice(0, 12), headline]
}

export const status = Effect.fn("status")(function* (input: PlanInput) {
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  const { plan } = yield* withStore(
    experiment.project,
    planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
  )
  if (input.json) {
    const stages = plan.stages.map(({ instance, action, key, found }) => ({
      id: instance.id,
      kind: instance.kind.name,
      action,
      key: key ?? null,
      digest: found?.digest ?? null,
      seconds: found?.seconds ?? null,
      metrics: found?.metrics ?? {}
    }))
    process.stdout.write(`${JSON.stringify({ stages })}\n`)
    return
  }
  process.stdout.write(`${formatTable(plan.stages.map(row), columns())}\n`)
})
