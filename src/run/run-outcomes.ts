/** How the stages of a run ended so far, over all of its passes, and what that means for those that have not begun. */
import type { StageInstance } from "../plan/stage-instance.ts"
import { readTail } from "../file/read-tail.ts"
import { currentBundle } from "../start/bundle.ts"
import type { StageOutcome } from "./event.ts"
import { isDispensable } from "./leave-out.ts"
import { skippedOutcome } from "./outcome.ts"
import type { RunContext } from "./run-context.ts"
import type { FirstCause, RunRequest } from "./run-options.ts"

const TAIL_LINES = 20

export interface RunOutcomes {
  /** Of this pass, by the id of the instance. */
  readonly byId: Map<string, StageOutcome>
  readonly finish: (outcome: StageOutcome) => void
  /** What an earlier pass has computed is told as that, even where this one finds it a hit. */
  readonly asComputed: (outcome: StageOutcome) => StageOutcome
  /** A stage failed, and the run does not keep going. */
  readonly stopping: () => boolean
  /**
   * Whether another pass is due, since an artifact that was restored came out with another digest than the stages below it
   * were keyed by. Then the outcomes are forgotten.
   */
  readonly startOver: () => boolean
  /** Of all instances, in their order. */
  readonly inOrder: () => ReadonlyArray<StageOutcome>
  readonly firstCause: () => FirstCause | undefined
}

export const makeOutcomes = (
  instances: ReadonlyArray<StageInstance>,
  { keepGoing = false }: Pick<RunRequest, "keepGoing">,
  emit: RunContext["emit"]
): RunOutcomes => {
  const byId = new Map<string, StageOutcome>()
  const ran = new Map<string, StageOutcome>()
  const dispensable = isDispensable(instances)
  let firstFailure: FirstCause | undefined
  let stopping = false
  let changed = false

  const noteFailure = ({ id, problem, log }: StageOutcome): void => {
    firstFailure ??= { id, problem: problem ?? "", log, tail: log === null ? [] : readTail(log, TAIL_LINES) }
    if (!keepGoing && !dispensable(id)) stopping = true
  }
  const inOrder = (): ReadonlyArray<StageOutcome> =>
    instances.map(
      (instance) => byId.get(instance.id) ?? skippedOutcome(instance, "the run ended before it was its turn")
    )

  return {
    byId,
    finish: (outcome) => {
      // What stands below was keyed by the digest that this had before.
      const was = byId.get(outcome.id)?.digest ?? null
      if (was !== null && outcome.digest !== null && was !== outcome.digest) changed = true
      byId.set(outcome.id, outcome)
      if (outcome.status === "ran") {
        ran.set(outcome.id, outcome)
        currentBundle()?.did("computing")
      }
      if (outcome.status === "failed") noteFailure(outcome)
      emit({ type: "stage-finished", ...outcome })
    },
    asComputed: (outcome) => {
      const earlier = ran.get(outcome.id)
      return outcome.status === "hit" && earlier?.key === outcome.key ? earlier : outcome
    },
    stopping: () => stopping,
    startOver: () => {
      if (!changed || stopping) return false
      changed = false
      byId.clear()
      return true
    },
    inOrder,
    firstCause: () => {
      const skipped = inOrder().find(({ status }) => status === "skipped")
      return firstFailure ?? (skipped && { id: skipped.id, problem: skipped.problem ?? "", log: null, tail: [] })
    }
  }
}
