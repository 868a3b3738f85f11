/** The rows of a run's result. */
import { upstreamOf } from "../plan/manifest.ts"
import type { Reason } from "../plan/explain.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { ActionRecord } from "../store/action-record.ts"
import type { Computed } from "./computed.ts"
import type { StageCost, StageInterrupted, StageOutcome } from "./event.ts"
import { interruptedText } from "./interrupted-text.ts"
import type { RunContext } from "./run-context.ts"

const empty = {
  key: null,
  digest: null,
  seconds: 0,
  savedSeconds: null,
  cost: null,
  metrics: {},
  headline: [],
  leftOut: [],
  reasons: [],
  problem: null,
  log: null
}

const costOf = ({ provenance }: ActionRecord): StageCost | null => {
  if (provenance === undefined) return null
  const { cpuSeconds, gpuSeconds, peakMemory } = provenance
  return { cpuSeconds, gpuSeconds, peakMemory }
}

export const hitOutcome = (instance: StageInstance, action: ActionRecord): StageOutcome => ({
  ...empty,
  id: instance.id,
  kind: instance.kind.name,
  status: "hit",
  key: action.key,
  digest: action.digest,
  savedSeconds: action.seconds,
  cost: costOf(action),
  metrics: action.metrics,
  headline: instance.kind.headline,
  leftOut: instance.leftOut ?? []
})

export const skippedOutcome = (instance: StageInstance, problem: string): StageOutcome => ({
  ...empty,
  id: instance.id,
  kind: instance.kind.name,
  status: "skipped",
  problem
})

export const interruptedOutcome = (
  context: Pick<RunContext, "record" | "keyOf">,
  instance: StageInstance,
  event: Pick<StageInterrupted, "reached" | "from" | "resumes">
): StageOutcome => ({
  ...skippedOutcome(instance, interruptedText(event)),
  status: "interrupted",
  key: context.keyOf(instance).key,
  log: context.record.log(instance.id)
})

export const outcomeOf = (
  context: RunContext,
  instance: StageInstance,
  computed: Computed,
  reasons: ReadonlyArray<Reason> = []
): StageOutcome => {
  // An input that was lost and could not be computed again has no digest any more.
  const isKnown = upstreamOf(instance).every((id) => typeof context.outcomes.get(id)?.digest === "string")
  const key = isKnown ? context.keyOf(instance).key : null
  switch (computed.status) {
    case "hit":
      return { ...hitOutcome(instance, computed.action), seconds: computed.seconds }
    case "ran":
      return {
        ...hitOutcome(instance, computed.action),
        status: "ran",
        seconds: computed.seconds,
        savedSeconds: null,
        reasons,
        log: context.record.log(instance.id)
      }
    case "failed":
      return {
        ...skippedOutcome(instance, computed.problem),
        status: "failed",
        key,
        seconds: computed.seconds,
        reasons,
        log: context.record.log(instance.id)
      }
    case "skipped":
      return { ...skippedOutcome(instance, computed.problem), key, reasons }
  }
}
