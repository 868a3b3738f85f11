/** The rows of a run's result. */
import { upstreamOf } from "../plan/manifest.ts"
import type { Reason } from "../plan/explain.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { ActionRecord } from "../store/action-record.ts"
import type { Computed } from "./computed.ts"
import type { StageCost, StageInterrupted, StageOutcome } from "./event.ts"
import { interruptedText } from "./interrupted-text.ts"
import type { RunContext } from "./run-context.ts"
import { undeclaredText } from "./undeclared-inputs.ts"

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

const foundOutcome = (instance: StageInstance, action: ActionRecord): StageOutcome => ({
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

/** Under `--strict` a result that was made with files that are not in its key is none, whoever made it. */
export const hitOutcome = (
  { options: { strict = false } }: Pick<RunContext, "options">,
  instance: StageInstance,
  action: ActionRecord
): StageOutcome => {
  const { undeclared = [] } = action.provenance ?? {}
  if (!strict || undeclared.length === 0) return foundOutcome(instance, action)
  const problem = `when its result was computed, ${undeclaredText(instance.kind.name, undeclared)}`
  return { ...skippedOutcome(instance, problem), status: "failed", key: action.key }
}

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
      return { ...hitOutcome(context, instance, computed.action), seconds: computed.seconds }
    case "ran":
      return {
        ...foundOutcome(instance, computed.action),
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
