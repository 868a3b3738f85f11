/**
 * Instances that are done in one pass by one worker: they share a place, and each keeps its own key, lease, workspace and
 * commit. When the pass fails, each is run by itself in that place, from its own checkpoint: what is wrong with one does
 * not cost the others their results.
 */
import { totalmem } from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import * as Semaphore from "effect/Semaphore"
import type { ArtifactRef, StageInstance } from "../plan/stage-instance.ts"
import * as Wiring from "../stage/wiring.ts"
import type { WiredInputs } from "../stage/stage.ts"
import type { Demand, JobFailed, JobRequest, OnWait, Place, Placement, RequestUnmet } from "../execute/executor.ts"
import type { Job, JobDone } from "../execute/job.ts"
import type { Resources } from "../stage/resources.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
import { someOf } from "../words/some-of.ts"
import type { RunContext } from "./run-context.ts"

/** Estimates of one pass may fill this much of the memory: the rest is for what they leave out. */
const MEMORY_SHARE = 0.5

const groupOf = ({ outcomes }: RunContext, instance: StageInstance): string | undefined => {
  const wired = ({ instance: id, at }: ArtifactRef) => ({ digest: outcomes.get(id)?.digest ?? id, at })
  const inputs = Object.entries(instance.inputs).map(([name, wiring]) => [name, Wiring.map(wiring, wired)])
  const answer = instance.decoded.group(Object.fromEntries(inputs) as WiredInputs)
  // Instances of different resources wait for different places.
  return answer === undefined
    ? undefined
    : JSON.stringify([instance.stage, answer, instance.output, instance.resources.gpu ?? 0])
}

const memoryOf = ({ resources }: StageInstance): number => resources.memory ?? 0

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

/** A pass that has no place yet: who becomes ready meanwhile may join. */
interface OpenGroup {
  readonly name: string
  readonly instances: ReadonlyArray<StageInstance>
  readonly join: (instance: StageInstance) => Effect.Effect<Place>
}

/** One ticket for all: that of the first member, which asks for what all of them need by the time that it is served. */
const standFor = (first: StageInstance, members: ReadonlyArray<StageInstance>): Demand => {
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
const runPass = Effect.fnUntraced(function* (
  { run }: Placement,
  arrived: ReadonlyArray<Member>,
  alone: (request: JobRequest) => Effect.Effect<JobDone, JobFailed>,
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

/**
 * A pass is a fiber of the run. It hears from its members in order, takes the place when the first one asks, starts when
 * everybody who is still here has brought a job, and gives the place back when the last one is gone.
 */
const openGroup = Effect.fnUntraced(function* (
  { places, emit, scope }: RunContext,
  name: string,
  first: StageInstance,
  onClosed: () => void
) {
  const instances: Array<StageInstance> = []
  const members: Array<Member> = []
  const place = yield* places.contend(standFor(first, instances))
  const placement = yield* Deferred.make<Placement, EngineUnavailable | RequestUnmet>()
  const oneByOne = Semaphore.makeUnsafe(1)
  const inbox = yield* Queue.unbounded<Message>()
  const here = (): ReadonlyArray<Member> => members.filter(({ state }) => state !== "gone")

  const alone = (request: JobRequest): Effect.Effect<JobDone, JobFailed> =>
    Effect.matchEffect(Deferred.await(placement), {
      onFailure: Effect.die,
      onSuccess: ({ run }) =>
        Semaphore.withPermit(
          oneByOne,
          Effect.map(run(request), ([done]) => done as JobDone)
        )
    })

  const pass = Effect.gen(function* () {
    let [taken, started] = [false, false]
    let last: Deferred.Deferred<void> | undefined
    while (last === undefined) {
      const message = yield* Queue.take(inbox)
      if (message.type === "wanted") {
        if (taken) continue
        taken = true
        const got = place.take(message.onWait).pipe(Effect.ensuring(Effect.sync(onClosed)))
        yield* Effect.forkScoped(Deferred.complete(placement, got))
        continue
      }
      if (message.type === "arrived") {
        message.member.state = "arrived"
        message.member.request = message.request
      } else {
        message.member.state = "gone"
        instances.splice(instances.indexOf(message.member.instance), 1)
        if (here().length === 0) last = message.told
        else yield* Deferred.succeed(message.told, undefined)
      }
      const ready = here().toSorted((a, b) => a.instance.order - b.instance.order)
      if (started || ready.length === 0 || ready.some(({ state }) => state !== "arrived")) continue
      started = true
      const got = yield* Effect.orDie(Deferred.await(placement))
      const told = Effect.onError(runPass(got, ready, alone, emit), (cause) =>
        Effect.forEach(ready, ({ done }) => Deferred.failCause(done, cause))
      )
      yield* Effect.forkScoped(told)
    }
    onClosed()
    if (!taken) yield* place.withdraw
    return last
  })
  // What the pass holds (its place, a pass that nobody waits for any more) is given back before the last one hears of it.
  const fiber = yield* Effect.forkIn(
    Effect.flatMap(Effect.scoped(pass), (last) => Deferred.succeed(last, undefined)),
    scope
  )

  const leave = (member: Member): Effect.Effect<void> =>
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
  const leaveInterrupted = (member: Member): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* leave(member)
      // Others hear of it in the same moment.
      yield* Effect.raceFirst(Fiber.await(fiber), Effect.sleep(SAME_MOMENT))
      if (here().length === 0) yield* Fiber.await(fiber)
    })

  const placeOf = (member: Member): Place => ({
    take: (onWait) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => leave(member))
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
            Effect.onInterrupt(() => leaveInterrupted(member))
          )
        return { ...got, run }
      }),
    withdraw: Effect.suspend(() => (member.state === "undecided" ? leave(member) : Effect.void))
  })

  const group: OpenGroup = {
    name,
    instances,
    join: (instance) =>
      Effect.map(Deferred.make<JobDone, JobFailed>(), (done) => {
        const member: Member = { instance, state: "undecided", request: undefined, done }
        instances.push(instance)
        members.push(member)
        return placeOf(member)
      })
  }
  return group
})

/**
 * Gives an instance its place in the queue: with others that it can share a pass with and that wait too, or its own. As
 * many passes are kept as the machine computes at the same time: none of it is idle for the sake of sharing.
 */
export const makeGroups = (context: RunContext): ((instance: StageInstance) => Effect.Effect<Place>) => {
  let open: ReadonlyArray<OpenGroup> = []
  const start = Effect.fnUntraced(function* (name: string, instance: StageInstance) {
    const group: OpenGroup = yield* openGroup(context, name, instance, () => {
      open = open.filter((other) => other !== group)
    })
    open = [...open, group]
    return yield* group.join(instance)
  })
  return Effect.fnUntraced(function* (instance: StageInstance) {
    const name = groupOf(context, instance)
    if (name === undefined) return yield* context.places.contend(instance)
    const sideBySide = instance.kind.engine ? yield* context.places.sideBySide(instance) : 1
    const alike = open.filter((group) => group.name === name)
    const room = yield* Effect.filter(alike, ({ instances }) => {
      const members = [...instances, instance]
      if (members.reduce((sum, member) => sum + memoryOf(member), 0) > MEMORY_SHARE * totalmem()) {
        return Effect.succeed(false)
      }
      return context.places.fits(standFor(instance, members))
    })
    const smallest = room.toSorted((a, b) => a.instances.length - b.instances.length)[0]
    return yield* smallest === undefined || alike.length < sideBySide ? start(name, instance) : smallest.join(instance)
  })
}
