import { mkdtempSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Executor, JobFailed } from "../../src/execute/executor.ts"
import type { RunEvent } from "../../src/run/event.ts"
import { localExecutor } from "../../src/execute/local/local-executor.ts"
import { run } from "../../src/run/run.ts"
import { Store } from "../../src/store/store.ts"
import { makeGraph, optionsFor, storeAt } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

interface Plan {
  /** For stage i: which of the stages before it it needs. */
  readonly needs: ReadonlyArray<ReadonlyArray<number>>
  readonly milliseconds: ReadonlyArray<number>
  readonly fails: ReadonlyArray<boolean>
  readonly jobs: number
}

const plans = fc.integer({ min: 1, max: 9 }).chain((size) =>
  fc.record({
    needs: fc.tuple(
      ...Array.from({ length: size }, (_, i) =>
        i === 0 ? fc.constant<ReadonlyArray<number>>([]) : fc.uniqueArray(fc.nat(i - 1), { maxLength: 3 })
      )
    ),
    milliseconds: fc.array(fc.constantFrom(0, 1, 5, 15), { minLength: size, maxLength: size }),
    fails: fc.array(
      fc.boolean().map((x) => x && size > 4),
      { minLength: size, maxLength: size }
    ),
    jobs: fc.integer({ min: 1, max: 4 })
  })
)

const specsOf = ({ needs }: Plan): ReadonlyArray<StageSpec> =>
  needs.map((of, i) => ({
    id: `s${i}`,
    kind: "add",
    params: { plus: i, tally: "" },
    inputs: { all: of.map((need) => `s${need}`) }
  }))

interface Trace {
  readonly events: ReadonlyArray<RunEvent>
  /** In the order in which stages ended. */
  readonly ends: ReadonlyArray<string>
  /** What was running when each stage started, and what had ended. */
  readonly starts: ReadonlyArray<{
    readonly id: string
    readonly running: number
    readonly done: ReadonlySet<string>
    /** What had ended when every slot was last held: this stage got its slot later than that. */
    readonly settled: ReadonlySet<string>
  }>
}

/** A back end that computes nothing: it takes its time, and fails where it is told to. */
const trace = async (plan: Plan, keepGoing: boolean): Promise<Trace> => {
  const folder = mkdtempSync(join(temporaryRoot, "schedule-test-"))
  const events: Array<RunEvent> = []
  const starts: Array<Trace["starts"][number]> = []
  const done = new Set<string>()
  /** Started, and the end not told: each holds a slot. */
  const holding = new Set<string>()
  let settled: ReadonlySet<string> = new Set()
  let running = 0
  const executor = localExecutor(({ jobs: [job] }) =>
    Effect.gen(function* () {
      const index = Number(job.id.slice(1))
      running++
      holding.add(job.id)
      starts.push({ id: job.id, running, done: new Set(done), settled })
      yield* Effect.sleep(plan.milliseconds[index] ?? 0)
      running--
      if (plan.fails[index] === true) {
        return yield* new JobFailed({ problem: "told to", retryable: false, losses: [] })
      }
      return [
        {
          digest: `digest-${job.id}`,
          metrics: { sum: index },
          engine: null,
          together: 1,
          host: "here",
          use: { cpuSeconds: 1, peakMemory: 1 }
        }
      ]
    })
  )
  const store = { ...storeAt(folder), losses: () => Effect.succeed([]) }
  const specs = specsOf(plan)
  const onEvent = (event: RunEvent): void => {
    events.push(event)
    if (event.type !== "stage-finished") return
    const full = holding.size === plan.jobs
    done.add(event.id)
    holding.delete(event.id)
    if (full) settled = new Set(done)
  }
  const options = optionsFor(specs, onEvent, { jobs: plan.jobs, keepGoing })
  await Effect.runPromise(
    run(makeGraph(specs), options).pipe(Effect.provideService(Executor, executor), Effect.provideService(Store, store))
  )
  rmSync(folder, { recursive: true })
  return { events, starts, ends: [...done] }
}

describe("the order of stages", () => {
  it("holds for every graph: needs first, at most `jobs` at once, and the earliest declared of the ready ones", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { starts, ends } = await trace({ ...plan, fails: [] }, false)
        expect(starts).toHaveLength(plan.needs.length)
        const started = new Set<string>()
        for (const { id, running, done, settled } of starts) {
          const index = Number(id.slice(1))
          for (const need of plan.needs[index] ?? []) expect(done).toContain(`s${need}`)
          expect(running).toBeLessThanOrEqual(plan.jobs)
          // Between its slot and its start lies work on the disk, and more may become ready meanwhile. When it got the
          // slot, at least that had ended which it needs, and that which had when all slots were last held.
          const needed = Math.max(-1, ...(plan.needs[index] ?? []).map((need) => ends.indexOf(`s${need}`))) + 1
          const ended = new Set(ends.slice(0, Math.max(needed, settled.size)))
          const overtaken = plan.needs.filter(
            (needs, other) => other < index && !started.has(`s${other}`) && needs.every((need) => ended.has(`s${need}`))
          )
          // Earlier ones that were ready hold a slot too, and are about to start.
          expect(running + overtaken.length).toBeLessThanOrEqual(plan.jobs)
          started.add(id)
        }
      }),
      { numRuns: 25 }
    )
  }, 120_000)

  it("with failures: what needs a failed stage is skipped, everything else runs when the run keeps going", async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const { events } = await trace(plan, true)
        const statuses = plan.needs.map((): string => "")
        for (const [index, needs] of plan.needs.entries()) {
          const blocked = needs.some((need) => statuses[need] !== "ran")
          statuses[index] = blocked ? "skipped" : plan.fails[index] === true ? "failed" : "ran"
        }
        const finished = events.at(-1)
        expect(finished?.type === "run-finished" && finished.stages.map(({ status }) => status)).toEqual(statuses)
        const told = events.filter((event) => event.type === "stage-finished").map(({ id }) => id)
        expect(told.toSorted()).toEqual(plan.needs.map((_, i) => `s${i}`).toSorted())
      }),
      { numRuns: 15 }
    )
  }, 120_000)

  it("runs stages side by side where there is room", async () => {
    const plan: Plan = { needs: [[], [], []], milliseconds: [50, 50, 50], fails: [], jobs: 3 }
    const { starts } = await trace(plan, false)
    expect(starts.map(({ running }) => running)).toEqual([1, 2, 3])
  })
})
