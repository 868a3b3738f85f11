/** What one instance comes to, now that all that it needs has ended: a hit, a result, a failure, or nothing. */
import * as Effect from "effect/Effect"
import { explain, LOST } from "../plan/explain.ts"
import type { Reason } from "../plan/explain.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { Place } from "../execute/executor.ts"
import { computeStage } from "./compute-stage.ts"
import { indispensable, leaveOut } from "./leave-out.ts"
import { hitOutcome, outcomeOf, skippedOutcome } from "./outcome.ts"
import type { Keyed, RunContext } from "./run-context.ts"

/** The keys that the stages of this experiment had when it last ran, by the id of the instance. */
type LastKeys = Readonly<Record<string, string>>

/** Why a stage that has no result under its key has none. */
const reasonsFor = Effect.fnUntraced(function* (
  { options, store, force }: RunContext,
  lastKeys: LastKeys,
  instance: StageInstance,
  { key, record }: Keyed
) {
  const { facts, notes } = options.setupOf(instance)
  const last = lastKeys[instance.id]
  const previous = last === undefined ? undefined : ((yield* store.action(last)) ?? LOST)
  const reasons: ReadonlyArray<Reason> = explain(instance, previous, { facts, notes, inputs: record.manifest.inputs })
  if (reasons.length > 0) return reasons
  return [{ path: force.has(instance.id) && last === key ? "forced" : "no result in the store", source: null }]
})

/** What keeps an instance from running, in words, where some that it needs have no result. */
const blockedBy = (
  { options, outcomes, stopping }: RunContext,
  planned: StageInstance,
  missing: ReadonlyArray<string>
): string | undefined => {
  // Where the run stops, or may not run what is missing, nothing is made without it.
  const [blocked] = stopping() || options.mustHit?.size ? missing : indispensable(planned, missing)
  const blocking = blocked === undefined ? undefined : outcomes.get(blocked)
  if (blocking === undefined) return undefined
  if (blocking.status === "failed") return `it needs ${blocking.id}, which failed`
  // What was skipped says which failure it was for: that is the one to mend.
  return blocking.problem ?? `it needs ${blocking.id}, which was skipped`
}

export const visitStage = Effect.fnUntraced(function* (
  context: RunContext,
  lastKeys: LastKeys,
  planned: StageInstance,
  place: Place
) {
  const { options, outcomes, store, force } = context
  const missing = planned.needs.filter((id) => ["failed", "skipped"].includes(outcomes.get(id)?.status ?? ""))
  const blocked = blockedBy(context, planned, missing)
  const instance = leaveOut(planned, missing)
  if (blocked !== undefined) return skippedOutcome(instance, blocked)
  if (context.stopping()) return skippedOutcome(instance, "not started, since another stage failed")
  const keyed = context.keyOf(instance)
  const found = force.has(instance.id) ? undefined : yield* store.action(keyed.key)
  if (found !== undefined) return hitOutcome(context, instance, found)
  if (options.mustHit?.has(instance.id) === true) {
    return skippedOutcome(instance, "it has no result in the store, and is not among the stages that may run")
  }
  const reasons = yield* reasonsFor(context, lastKeys, instance, keyed)
  const computed = yield* computeStage(context, { instance, reasons, restores: null, place })
  return outcomeOf(context, instance, computed, reasons)
})
