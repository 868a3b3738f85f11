/** What every executor has to do, wherever it runs the jobs. */
import { createHash } from "node:crypto"
import { readFileSync, rmSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import {
  Executor,
  type Demand,
  type JobEvent,
  type JobFailed,
  type Place,
  type Places
} from "../../src/execute/executor.ts"
import type { Job, JobDone } from "../../src/execute/job.ts"
import type { Json } from "../../src/json/canonical-json.ts"
import { objectPath } from "../../src/store/local/layout.ts"
import { paramsOf, storeAt, tallyOf } from "../run/experiment.ts"
import { temporaryCache } from "../run/temporary-cache.ts"

type Isolation = Demand["kind"]["isolation"]

export interface ContractOptions {
  /** Whether a job's process, told by its id, or one that it has started is still there. */
  readonly isRunning: (pid: number) => boolean
  /** Isolations that it tells apart, but for "inline": jobs of the others are done alike. */
  readonly isolations: ReadonlyArray<Isolation>
}

export const executorContract = (
  name: string,
  layer: Layer.Layer<Executor>,
  { isRunning, isolations }: ContractOptions
): void => {
  const cache = temporaryCache()
  const runtime = ManagedRuntime.make(layer)
  afterAll(() => runtime.dispose())
  const run = <A, E>(effect: Effect.Effect<A, E, Executor | Scope.Scope>): Promise<A> =>
    runtime.runPromise(Effect.scoped(effect))

  const placesFor = (jobs: number): Effect.Effect<Places, never, Executor> =>
    Effect.flatMap(Executor, ({ places }) =>
      places({ jobs, engine: Effect.succeed("wasm"), run: "contract", directory: cache.cache })
    )

  const demand = (order: number, isolation: Isolation = "process"): Demand => ({
    id: `stage ${order}`,
    stage: "stage",
    order,
    kind: { engine: false, isolation },
    resources: {},
    timeoutSeconds: undefined
  })

  /** A job of one of the tests' stage kinds, in a workspace that is claimed for it until the scope ends. */
  const jobOf = Effect.fnUntraced(function* (
    kind: string,
    params: Readonly<Record<string, Json>>,
    inputs: Job["inputs"] = {},
    id = kind
  ) {
    const store = storeAt(cache.cache)
    const key = createHash("sha256")
      .update(`${id} ${JSON.stringify(params)}`)
      .digest("hex")
    const claimed = yield* store.claim(key, "a test")
    if (claimed._tag === "busy") return yield* Effect.die(`the key is claimed by ${claimed.owner}`)
    const job: Job = {
      id,
      key,
      file: join(import.meta.dirname, "../run/stages", `${kind}.ts`),
      params: paramsOf(kind, { tally: cache.tally, ...params }),
      sources: {},
      facts: {},
      inputs,
      leftOut: [],
      output: "Numbers",
      store: store.description,
      workspace: claimed.claim.workspace,
      attempt: 1,
      checkpointSeconds: 0,
      log: join(cache.folder, `${id}.log`),
      engine: null,
      projectDirectory: import.meta.dirname,
      memory: null,
      programs: "no"
    }
    return job
  })

  /** Does the jobs in one pass, in the place that is given to the first of the queue. */
  const perform = Effect.fnUntraced(function* (
    jobs: readonly [Job, ...ReadonlyArray<Job>],
    isolation: Isolation = "process",
    onEvent: (event: JobEvent) => void = () => {}
  ) {
    const place = yield* (yield* placesFor(1)).contend(demand(0, isolation))
    const placement = yield* Effect.orDie(place.take(() => {}))
    return yield* placement.run({ jobs, onEvent })
  })

  const add = (params: Readonly<Record<string, Json>>, inputs?: Job["inputs"]) => jobOf("add", params, inputs)
  const failureOf = (how: string): Promise<JobFailed> =>
    run(
      Effect.gen(function* () {
        return yield* Effect.flip(perform([yield* Effect.orDie(jobOf("misbehave", { how }, {}, how))]))
      }).pipe(Effect.orDie)
    )

  const numbersOf = (done: JobDone | undefined) =>
    Effect.flatMap(storeAt(cache.cache).artifact(done?.digest ?? ""), ({ readText }) => readText("numbers.json"))

  describe(`the executor of ${name}`, () => {
    it.each([...isolations, "inline"] as const)(
      "runs a job (%s): what its stage wrote is in the store, and what it said is told while it runs",
      (isolation) =>
        run(
          Effect.gen(function* () {
            const events: Array<JobEvent> = []
            const job = yield* add({ plus: 3 })
            const results = yield* perform([job], isolation, (event) => events.push(event))
            expect(results).toMatchObject([
              {
                digest: expect.any(String),
                metrics: { sum: 3 },
                engine: null,
                together: 1,
                host: hostname(),
                use: { cpuSeconds: expect.any(Number), peakMemory: expect.any(Number) }
              }
            ])
            expect(results[0]?.use.peakMemory).toBeGreaterThan(10_000_000)
            expect(JSON.parse(yield* numbersOf(results[0]))).toEqual([3])
            expect(events).toContainEqual({ type: "log", id: "add", line: "sum 3" })
            expect(readFileSync(job.log, "utf8")).toContain("sum 3\n")
          })
        )
    )

    it("runs several jobs of a kind in one pass, and gives the results in their order", () =>
      run(
        Effect.gen(function* () {
          const [first] = yield* perform([yield* add({ plus: 1 })])
          const of: Job["inputs"] = { of: { shape: "one", of: { digest: first?.digest ?? "", at: {} } } }
          const two = yield* jobOf("sum-together", { plus: 2 }, of, "two")
          const one = yield* jobOf("sum-together", { plus: 1 }, of, "one")
          const results = yield* perform([two, one])
          expect(results.map(({ metrics, together }) => [metrics["sum"], together])).toEqual([
            [3, 2],
            [2, 2]
          ])
          expect(tallyOf(cache.tally).slice(1)).toEqual(["2 1"])
        })
      ))

    it("gives places in declared order, in whatever order they are asked for", () =>
      fc.assert(
        fc.asyncProperty(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 }), (asked) =>
          run(
            Effect.gen(function* () {
              const places = yield* placesFor(1)
              const queued: Array<readonly [number, Place]> = []
              for (const order of asked) queued.push([order, yield* places.contend(demand(order))])
              const served: Array<number> = []
              yield* Effect.forEach(
                queued,
                ([order, place]) =>
                  Effect.scoped(
                    Effect.map(
                      place.take(() => {}),
                      () => served.push(order)
                    )
                  ),
                { concurrency: "unbounded" }
              )
              expect(served).toEqual(asked.toSorted((a, b) => a - b))
            })
          )
        ),
        { numRuns: 20 }
      ))

    it("keeps a place for who is earlier in order, until that one withdraws; and one that is held until its scope ends", () =>
      run(
        Effect.gen(function* () {
          const places = yield* placesFor(1)
          const early = yield* places.contend(demand(0))
          const [middle, late] = [yield* places.contend(demand(1)), yield* places.contend(demand(2))]
          const held = yield* Scope.make()
          const served: Array<string> = []
          const take = (place: Place, who: string) =>
            Effect.tap(
              place.take(() => {}),
              () => Effect.sync(() => served.push(who))
            )
          const ofMiddle = yield* Effect.forkChild(Effect.provideService(take(middle, "middle"), Scope.Scope, held))
          const ofLate = yield* Effect.forkChild(Effect.scoped(take(late, "late")))
          yield* Effect.sleep(30)
          expect(served).toEqual([])
          yield* early.withdraw
          yield* Fiber.join(ofMiddle)
          yield* Effect.sleep(30)
          expect(served).toEqual(["middle"])
          yield* Scope.close(held, Exit.void)
          yield* Fiber.join(ofLate)
          expect(served).toEqual(["middle", "late"])
        })
      ))

    it("never has more stages side by side than were asked for", () =>
      run(
        Effect.gen(function* () {
          const places = yield* placesFor(2)
          let [now, most] = [0, 0]
          const stage = Effect.fnUntraced(function* (place: Place) {
            yield* place.take(() => {})
            most = Math.max(most, ++now)
            yield* Effect.sleep(5)
            now--
          }, Effect.scoped)
          const queued = yield* Effect.forEach([0, 1, 2, 3, 4, 5], (order) => places.contend(demand(order)))
          yield* Effect.forEach(queued, stage, { concurrency: "unbounded" })
          expect(most).toBe(2)
        })
      ))

    it("says of a failure what the stage said, and whether trying again can help", async () => {
      expect(await failureOf("fatal")).toMatchObject({
        problem: expect.stringContaining("the shape is wrong"),
        retryable: false,
        losses: []
      })
      expect(await failureOf("retryable")).toMatchObject({ problem: "try me again", retryable: true, losses: [] })
    })

    it("outlives the death of a job's process, which may be tried again", async () => {
      expect(await failureOf("killed")).toMatchObject({ problem: expect.stringContaining("SIGKILL"), retryable: true })
      expect(await run(Effect.flatMap(add({ plus: 5 }), (job) => perform([job])))).toMatchObject([
        { metrics: { sum: 5 } }
      ])
    })

    it("names the input that cannot be read as it was: that is not the stage's fault", () =>
      run(
        Effect.gen(function* () {
          const [first] = yield* perform([yield* add({ plus: 1 })])
          const { digest = "" } = first ?? {}
          const artifact = yield* storeAt(cache.cache).artifact(digest)
          const blob = artifact.files.find(({ path }) => path === "numbers.json")?.sha256 ?? ""
          rmSync(objectPath(cache.cache, blob))
          const left = yield* add({ plus: 2 }, { left: { shape: "one", of: { digest, at: {} } } })
          const { losses } = yield* Effect.flip(perform([left]))
          expect(losses).toEqual([{ reason: "missing", digest, path: "numbers.json" }])
        })
      ))

    it.each(isolations)(
      "ends an interrupted job (%s) with all that it has started, and gives its place to the next",
      (isolation) =>
        run(
          Effect.gen(function* () {
            const places = yield* placesFor(1)
            const place = yield* places.contend(demand(0, isolation))
            const next = yield* places.contend(demand(1, isolation))
            const job = yield* jobOf("misbehave", { how: "hang" })
            const running = yield* Effect.forkChild(
              Effect.scoped(
                Effect.flatMap(
                  place.take(() => {}),
                  ({ run }) => run({ jobs: [job], onEvent: () => {} })
                )
              )
            )
            const nextDone = yield* Effect.forkChild(Effect.scoped(next.take(() => {})))
            const pid = yield* Effect.suspend(() => {
              const found = /^misbehave (\d+)/.exec(tallyOf(cache.tally)[0] ?? "")
              return found === null ? Effect.fail("not yet" as const) : Effect.succeed(Number(found[1]))
            }).pipe(
              Effect.tapError(() => Effect.sleep(20)),
              Effect.retry({ times: 2000 })
            )
            expect(isRunning(pid)).toBe(true)
            yield* Fiber.interrupt(running)
            expect(isRunning(pid)).toBe(false)
            expect(yield* Fiber.join(nextDone)).toMatchObject({ device: expect.any(String) })
          })
        )
    )
  })
}
