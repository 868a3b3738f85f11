/**
 * Instances that are done in one pass by one worker: they share a place, and each keeps its own key, lease, workspace and
 * commit. When the pass fails, each is run by itself in that place, from its own checkpoint: what is wrong with one does
 * not cost the others their results.
 */
import { totalmem } from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { ArtifactRef, StageInstance } from "../plan/stage-instance.ts"
import * as Wiring from "../stage/wiring.ts"
import type { WiredInputs } from "../stage/stage.ts"
import type { JobFailed, JobRequest } from "../execute/backend.ts"
import type { Job, JobDone } from "../execute/job.ts"
import type { Place, Placement } from "./places.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
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

interface Member {
  readonly instance: StageInstance
  /** `gone`: it is a hit, waits for another process, or has ended. */
  state: "undecided" | "placed" | "arrived" | "gone"
  request: JobRequest | undefined
  readonly done: Deferred.Deferred<JobDone, JobFailed>
}

/** A pass that has no place yet: who becomes ready meanwhile may join. */
interface OpenGroup {
  readonly name: string
  readonly instances: ReadonlyArray<StageInstance>
  readonly join: (instance: StageInstance) => Place
}

/** One ticket for all: that of the first member, which asks for what all of them need by the time that it is served. */
const standFor = (first: StageInstance, members: ReadonlyArray<StageInstance>): StageInstance => {
  const sum = (of: "memory" | "vram"): number =>
    members.reduce((total, { resources }) => total + (resources[of] ?? 0), 0)
  return {
    ...first,
    get resources() {
      return { ...first.resources, memory: sum("memory"), vram: sum("vram") }
    }
  }
}

const openGroup = (context: RunContext, name: string, first: StageInstance, onClosed: () => void): OpenGroup => {
  const { backend, emit } = context
  const instances: Array<StageInstance> = []
  const place = context.places.contend(standFor(first, instances))
  const scope = Scope.makeUnsafe()
  const placement = Deferred.makeUnsafe<Placement, EngineUnavailable>()
  const oneByOne = Semaphore.makeUnsafe(1)
  let taken = false
  let started = false
  const members: Array<Member> = []

  const alone = (request: JobRequest): Effect.Effect<JobDone, JobFailed> =>
    Semaphore.withPermit(
      oneByOne,
      Effect.map(backend.run(request), ([done]) => done as JobDone)
    )

  const runPass = Effect.fnUntraced(function* (arrived: ReadonlyArray<Member>) {
    const requests = arrived.map(({ request }) => request as JobRequest)
    const [first] = requests as [JobRequest]
    const jobs = requests.map((request) => request.jobs[0]) as [Job, ...Array<Job>]
    const byId = new Map(jobs.map(({ id }, i) => [id, requests[i]]))
    const result = yield* Effect.result(
      backend.run({ ...first, jobs, onEvent: (event) => byId.get(event.id)?.onEvent(event) })
    )
    if (result._tag === "Success") {
      for (const [i, { done }] of arrived.entries())
        Deferred.doneUnsafe(done, Exit.succeed(result.success[i] as JobDone))
    } else if (jobs.length === 1 || result.failure.losses.length > 0) {
      for (const { done } of arrived) Deferred.doneUnsafe(done, Exit.fail(result.failure))
    } else {
      const line = `running ${jobs.map(({ id }) => id).join(", ")} together failed: ${result.failure.problem}; now each by itself`
      for (const { instance } of arrived) emit({ type: "stage-log", id: instance.id, line })
      for (const { request, done, state } of arrived) {
        if (state !== "gone") Deferred.doneUnsafe(done, yield* Effect.exit(alone(request as JobRequest)))
      }
    }
  })

  /** Once everybody who is still here has brought a job. */
  const startWhenComplete = (): void => {
    const here = members.filter(({ state }) => state !== "gone").toSorted((a, b) => a.instance.order - b.instance.order)
    if (started || here.length === 0 || here.some(({ state }) => state !== "arrived")) return
    started = true
    const told = Effect.onError(runPass(here), (cause) =>
      Effect.sync(() => here.forEach(({ done }) => Deferred.doneUnsafe(done, Exit.failCause(cause))))
    )
    // Not a child of the member that came last: it goes on when that one is interrupted.
    Effect.runFork(Effect.forkIn(told, scope))
  }

  const leave = (member: Member): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (member.state === "gone") return Effect.void
      member.state = "gone"
      instances.splice(instances.indexOf(member.instance), 1)
      if (members.some(({ state }) => state !== "gone")) {
        startWhenComplete()
        return Effect.void
      }
      onClosed()
      if (!taken) place.withdraw()
      // The pass, where it is still running, has nobody left who waits for it; then the place is given back.
      return Scope.close(scope, Exit.void)
    })

  const takeShared = (onWait: (what: string) => void) =>
    Effect.suspend(() => {
      if (taken) return Deferred.await(placement)
      taken = true
      return place.take(onWait).pipe(
        Effect.provideService(Scope.Scope, scope),
        Effect.onExit((exit) =>
          Effect.sync(() => {
            onClosed()
            Deferred.doneUnsafe(placement, exit)
          })
        )
      )
    })

  const placeOf = (member: Member): Place => ({
    take: (onWait) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => leave(member))
        const got = yield* takeShared(onWait)
        member.state = "placed"
        let tried = false
        const run = (request: JobRequest): Effect.Effect<JobDone, JobFailed> =>
          Effect.suspend(() => {
            if (tried) return alone(request)
            tried = true
            member.state = "arrived"
            member.request = request
            startWhenComplete()
            return Deferred.await(member.done)
          })
        return { ...got, run }
      }),
    withdraw: () => {
      if (member.state === "undecided") Effect.runFork(leave(member))
    }
  })

  return {
    name,
    instances,
    join: (instance) => {
      const member: Member = { instance, state: "undecided", request: undefined, done: Deferred.makeUnsafe() }
      instances.push(instance)
      members.push(member)
      return placeOf(member)
    }
  }
}

/**
 * Gives an instance its place in the queue: with others that it can share a pass with and that wait too, or its own. As
 * many passes are kept as the machine computes at the same time: none of it is idle for the sake of sharing.
 */
export const makeGroups = (context: RunContext): ((instance: StageInstance) => Place) => {
  let open: ReadonlyArray<OpenGroup> = []
  const start = (name: string, instance: StageInstance): Place => {
    const group = openGroup(context, name, instance, () => {
      open = open.filter((other) => other !== group)
    })
    open = [...open, group]
    return group.join(instance)
  }
  return (instance) => {
    const name = groupOf(context, instance)
    if (name === undefined) return context.places.contend(instance)
    const alike = open.filter((group) => group.name === name)
    const sideBySide = instance.kind.engine ? context.places.sideBySide(instance) : 1
    const room = alike.filter(
      ({ instances }) =>
        [...instances, instance].reduce((sum, member) => sum + memoryOf(member), 0) <= MEMORY_SHARE * totalmem()
    )
    const smallest = room.toSorted((a, b) => a.instances.length - b.instances.length)[0]
    return smallest === undefined || alike.length < sideBySide ? start(name, instance) : smallest.join(instance)
  }
}
