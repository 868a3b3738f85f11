/**
 * A pass of several instances: they share a place, and each keeps its own key, lease, workspace and commit. When the pass
 * fails, each is run by itself in that place, from its own checkpoint: what is wrong with one does not cost the others their
 * results.
 *
 * The pass is a fiber of the run. It hears from its members in order, takes the place when the first one asks, starts when
 * everybody who is still here has brought a job, and gives the place back when the last one is gone.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Semaphore from "effect/Semaphore"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { Demand, JobFailed, JobRequest, OnWait, Place, Placement, RequestUnmet } from "../execute/executor.ts"
import type { Job, JobDone } from "../execute/job.ts"
import type { Resources } from "../stage/resources.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
import { someOf } from "../words/some-of.ts"
import type { RunContext } from "./run-context.ts"

/** Members of one pass that are interrupted with the run hear of it within this time of each other. */
const SAME_MOMENT = "50 millis"

interface Member {
  readonly instance: StageInstance
  /** `gone`: it is a hit, waits for another process, or has ended. */
  state: "undecided" | "placed" | "arrived" | "gone"
  request: JobRequest | undefined
  readonly done: Deferred.Deferred<JobDone, JobFailed>
}

/** What members tell the fiber of their pass. */
type Message =
  /** Somebody asks for the place. */
  | { readonly type: "wanted"; readonly onWait: OnWait }
  | { readonly type: "arrived"; readonly member: Member; readonly request: JobRequest }
  | { readonly type: "gone"; readonly member: Member; readonly told: Deferred.Deferred<void> }

/** What the members and the fiber of a pass share. */
interface PassState {
  readonly members: Array<Member>
  /** Of the members that are still here. */
  readonly instances: Array<StageInstance>
  readonly inbox: Queue.Queue<Message>
  /** The place that all of them got, or why there is none. */
  readonly placement: Deferred.Deferred<Placement, EngineUnavailable | RequestUnmet>
  /** Runs one job by itself in that place, one after the other. */
  readonly alone: (request: JobRequest) => Effect.Effect<JobDone, JobFailed>
}

const makeState = Effect.gen(function* () {
  const placement = yield* Deferred.make<Placement, EngineUnavailable | RequestUnmet>()
  const oneByOne = Semaphore.makeUnsafe(1)
  const state: PassState = {
    members: [],
    instances: [],
    inbox: yield* Queue.unbounded<Message>(),
    placement,
    alone: (request) =>
      Effect.matchEffect(Deferred.await(placement), {
        onFailure: Effect.die,
        onSuccess: ({ run }) =>
          Semaphore.withPermit(
            oneByOne,
            Effect.map(run(request), ([done]) => done as JobDone)
          )
      })
  }
  return state
})

const here = ({ members }: PassState): ReadonlyArray<Member> => members.filter(({ state }) => state !== "gone")

/** One ticket for all: that of the first member, which asks for what all of them need by the time that it is served. */
export const demandOf = (first: StageInstance, members: ReadonlyArray<StageInstance>): Demand => {
  /** Nothing is said of what no member says anything of. */
  const sum = (of: "memory" | "vram"): Resources => {
    const total = members.reduce((sum, { resources }) => sum + (resources[of] ?? 0), 0)
    return total === 0 ? {} : { [of]: total }
  }
  return {
    ...first,
    /** Of those that are still here. */
    get id() {
      return members.length === 0 ? first.id : someOf(members.map(({ id }) => id))
    },
    get resources() {
      return { ...first.resources, ...sum("memory"), ...sum("vram") }
    }
  }
}

/** Everybody's job in one pass; where that fails, each by itself. */
const runTogether = Effect.fnUntraced(function* (
  { run }: Placement,
  arrived: ReadonlyArray<Member>,
  alone: PassState["alone"],
  emit: RunContext["emit"]
) {
  const requests = arrived.map(({ request }) => request as JobRequest)
  const jobs = requests.map((request) => request.jobs[0]) as [Job, ...Array<Job>]
  const byId = new Map(jobs.map(({ id }, i) => [id, requests[i]]))
  const result = yield* Effect.result(run({ jobs, onEvent: (event) => byId.get(event.id)?.onEvent(event) }))
  if (result._tag === "Success") {
    return yield* Effect.forEach(arrived, ({ done }, i) => Deferred.succeed(done, result.success[i] as JobDone))
  }
  if (jobs.length === 1 || result.failure.losses.length > 0) {
    return yield* Effect.forEach(arrived, ({ done }) => Deferred.fail(done, result.failure))
  }
  const line = `running ${jobs.map(({ id }) => id).join(", ")} together failed: ${result.failure.problem}; now each by itself`
  for (const { instance } of arrived) emit({ type: "stage-log", id: instance.id, line })
  return yield* Effect.forEach(
    arrived.filter(({ state }) => state !== "gone"),
    ({ request, done }) => Deferred.complete(done, alone(request as JobRequest))
  )
})

/** The members of whom everybody has brought a job, in the order of the graph; empty: somebody is still expected. */
const readyToRun = (state: PassState): ReadonlyArray<Member> => {
  const present = here(state)
  return present.every(({ state }) => state === "arrived")
    ? present.toSorted((a, b) => a.instance.order - b.instance.order)
    : []
}

/**
 * Hears the members until the last one is gone.
 *
 * @returns what the last one waits for: to be told that nothing of the pass is left
 */
const hear = Effect.fnUntraced(function* (
  state: PassState,
  place: Place,
  emit: RunContext["emit"],
  onClosed: Effect.Effect<void>
) {
  const { inbox, instances, placement, alone } = state
  let [taken, started] = [false, false]
  let last: Deferred.Deferred<void> | undefined
  while (last === undefined) {
    const message = yield* Queue.take(inbox)
    if (message.type === "wanted") {
      if (taken) continue
      taken = true
      const got = place.take(message.onWait).pipe(Effect.ensuring(onClosed))
      yield* Effect.forkScoped(Deferred.complete(placement, got))
      continue
    }
    if (message.type === "arrived") {
      message.member.state = "arrived"
      message.member.request = message.request
    } else {
      message.member.state = "gone"
      instances.splice(instances.indexOf(message.member.instance), 1)
      if (here(state).length === 0) last = message.told
      else yield* Deferred.succeed(message.told, undefined)
    }
    const ready = started ? [] : readyToRun(state)
    if (ready.length === 0) continue
    started = true
    const got = yield* Effect.orDie(Deferred.await(placement))
    const told = Effect.onError(runTogether(got, ready, alone, emit), (cause) =>
      Effect.forEach(ready, ({ done }) => Deferred.failCause(done, cause))
    )
    yield* Effect.forkScoped(told)
  }
  yield* onClosed
  if (!taken) yield* place.withdraw
  return last
})

const leave = ({ inbox }: PassState, fiber: Fiber.Fiber<unknown>, member: Member): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (member.state === "gone") return Effect.void
    return Effect.gen(function* () {
      const told = yield* Deferred.make<void>()
      yield* Queue.offer(inbox, { type: "gone", member, told })
      // The run may be ending, and the fiber with it.
      yield* Effect.raceFirst(Deferred.await(told), Fiber.await(fiber))
    })
  })

/** Where all are interrupted, the run is: what the worker saves before it ends concerns each of them. */
const leaveInterrupted = Effect.fnUntraced(function* (state: PassState, fiber: Fiber.Fiber<unknown>, member: Member) {
  yield* leave(state, fiber, member)
  // Others hear of it in the same moment.
  yield* Effect.raceFirst(Fiber.await(fiber), Effect.sleep(SAME_MOMENT))
  if (here(state).length === 0) yield* Fiber.await(fiber)
})

/** The pass as one member sees it: a place like any other. */
const placeOf = (state: PassState, fiber: Fiber.Fiber<unknown>, member: Member): Place => {
  const { inbox, placement, alone } = state
  return {
    take: (onWait) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => leave(state, fiber, member))
        yield* Queue.offer(inbox, { type: "wanted", onWait })
        const got = yield* Deferred.await(placement)
        member.state = "placed"
        let tried = false
        const run = (request: JobRequest): Effect.Effect<ReadonlyArray<JobDone>, JobFailed> =>
          Effect.suspend(() => {
            if (tried) return alone(request)
            tried = true
            return Effect.andThen(Queue.offer(inbox, { type: "arrived", member, request }), Deferred.await(member.done))
          }).pipe(
            Effect.map((done) => [done]),
            Effect.onInterrupt(() => leaveInterrupted(state, fiber, member))
          )
        return { ...got, run }
      }),
    withdraw: Effect.suspend(() => (member.state === "undecided" ? leave(state, fiber, member) : Effect.void))
  }
}

export interface SharedPass {
  /** That will run in it, as far as is known now. */
  readonly instances: ReadonlyArray<StageInstance>
  readonly join: (instance: StageInstance) => Effect.Effect<Place>
}

/** @param onClosed called when nobody may join any more: the pass has its place, or ended without one */
export const openPass = Effect.fnUntraced(function* (
  { places, emit, scope }: RunContext,
  first: StageInstance,
  onClosed: () => void
) {
  const state = yield* makeState
  const place = yield* places.contend(demandOf(first, state.instances))
  const heard = hear(state, place, emit, Effect.sync(onClosed))
  // What the pass holds (its place, a pass that nobody waits for any more) is given back before the last one hears of it.
  const fiber = yield* Effect.forkIn(
    Effect.flatMap(Effect.scoped(heard), (last) => Deferred.succeed(last, undefined)),
    scope
  )
  const pass: SharedPass = {
    instances: state.instances,
    join: (instance) =>
      Effect.map(Deferred.make<JobDone, JobFailed>(), (done) => {
        const member: Member = { instance, state: "undecided", request: undefined, done }
        state.instances.push(instance)
        state.members.push(member)
        return placeOf(state, fiber, member)
      })
  }
  return pass
})
