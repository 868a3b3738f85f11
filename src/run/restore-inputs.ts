/**
 * Makes the inputs of a stage readable: an artifact whose bytes are gone or damaged has its producer run again, which
 * may need the same of its own inputs.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { upstreamOf } from "../plan/manifest.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { Computed, ComputeRequest } from "./computed.ts"
import type { JobLoss } from "../execute/job.ts"
import { outcomeOf } from "./outcome.ts"
import type { Unwritable } from "../file/unwritable.ts"
import type { RemoteFailed } from "../remote/port/remote-failed.ts"
import type { RunContext } from "./run-context.ts"

/** What a reader has found out already, by digest of the artifact: by now its blob is in quarantine, and just missing. */
export type LossNotes = ReadonlyMap<string, JobLoss>

export type ComputeStage = (context: RunContext, request: ComputeRequest) => Effect.Effect<Computed, never, Scope.Scope>

const lossOf = (context: RunContext, { id }: StageInstance, onFetch?: (place: string) => Effect.Effect<void>) => {
  const digest = context.outcomes.get(id)?.digest ?? undefined
  return digest === undefined
    ? Effect.succeed(undefined)
    : Effect.map(context.store.losses(digest, onFetch), (losses) => losses[0])
}

const restore = Effect.fnUntraced(function* (
  context: RunContext,
  producer: StageInstance,
  neededBy: StageInstance,
  notes: LossNotes,
  compute: ComputeStage
) {
  const loss = yield* lossOf(context, producer)
  if (loss === undefined) return undefined
  const { reason, path } = notes.get(loss.digest) ?? loss
  context.emit({ type: "artifact-lost", id: producer.id, digest: loss.digest, reason, path, neededBy: neededBy.id })
  const reasons = [{ path: `${reason} in the store: ${path}`, source: null }]
  const request = { instance: producer, reasons, restores: neededBy.id }
  const computed: Computed = yield* Effect.scoped(compute(context, request))
  context.finish(outcomeOf(context, producer, computed, reasons))
  if (!("problem" in computed)) return undefined
  return `its input ${producer.id} is ${reason} in the store and could not be computed again: ${computed.problem}`
})

/**
 * @param onLoss called before anything is fetched, restored, or waited for
 * @returns what is wrong; undefined where all inputs can be read
 */
export const restoreInputs: (
  context: RunContext,
  instance: StageInstance,
  notes: LossNotes,
  onLoss: Effect.Effect<void>,
  compute: ComputeStage
) => Effect.Effect<string | undefined, Unwritable | RemoteFailed> = Effect.fnUntraced(
  function* (context, instance, notes, onLoss, compute) {
    for (const id of upstreamOf(instance)) {
      const producer = context.instances.get(id)
      if (producer === undefined) return `its input ${id} is not in this run`
      const onFetch = (place: string) =>
        Effect.andThen(
          onLoss,
          Effect.sync(() => context.emit({ type: "stage-waiting", id: instance.id, for: `${id} from ${place}` }))
        )
      // Two stages that miss the same artifact fetch it, or restore it, once.
      if ((yield* context.alone(producer.id, lossOf(context, producer, onFetch))) === undefined) continue
      yield* onLoss
      const problem = yield* context.alone(producer.id, restore(context, producer, instance, notes, compute))
      if (problem !== undefined) return problem
    }
    return undefined
  }
)
