/** Plans an experiment against the store: resolves code, sources and facts, and asks what is there. */
import { join } from "node:path"
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import packageJson from "esbuild/package.json" with { type: "json" }
import { CODE_RULES, type CodeDigest, type CodeUnreadable, joinCode } from "../catalog/code-digest.ts"
import { keptCode } from "../catalog/kept-code.ts"
import { openFileIndex } from "../file/file-index.ts"
import type { Lock } from "../lock/lock.ts"
import { estimateMemory, type MemoryEstimate } from "../plan/estimate-memory.ts"
import { KEY_FORMAT } from "../plan/key.ts"
import { plan } from "../plan/plan.ts"
import type { Plan } from "../plan/plan.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { StageSetup } from "../run/run-options.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { earlierResults } from "./earlier-results.ts"
import { type ExpectedCost, expectedCost } from "./expected-cost.ts"
import type { Experiment } from "./load-experiment.ts"
import { readLockFile } from "./lock-file.ts"
import { makePlanResolver } from "./plan-resolver.ts"

export interface Planned {
  readonly plan: Plan<ActionRecord>
  /** What the executor has to know of an instance beyond the graph. */
  readonly setupOf: (instance: StageInstance) => StageSetup
  readonly expected: ExpectedCost
  /** By name of the stage; undefined where none of its instances was to run. */
  readonly expectedMemory: (stage: string) => MemoryEstimate | undefined
  /** Undefined where there is none. */
  readonly lock: Lock | undefined
  /** The module of the instance's stage kind, where its code is no longer what was planned. */
  readonly changedSincePlan: (instance: StageInstance) => Effect.Effect<string | undefined>
}

/** How long a look at the code of a stage kind holds. */
const LOOK_MS = 100

type CodeOf = (kind: string, modules: ReadonlyArray<string>) => Effect.Effect<CodeDigest, CodeUnreadable>

/** Many small stages start at once: whoever changes a file in the same moment could have done so right after the look. */
const watchCode = Effect.fnUntraced(function* (codeOf: CodeOf) {
  const looking = yield* Cache.make({
    capacity: Infinity,
    timeToLive: LOOK_MS,
    lookup: (modules: string) => {
      const [kind = "", ...more] = JSON.parse(modules) as ReadonlyArray<string>
      return codeOf(kind, more)
    }
  })
  return ({ kind, decoded }: StageInstance) => Cache.get(looking, JSON.stringify([kind.name, ...decoded.code]))
})

/**
 * A moving name is what its lock says that it was.
 *
 * @param selection ids to plan and to force; everything without it. `lock: "ignore"`: as if there were no lock file
 */
export const planExperiment = Effect.fn("planExperiment")(function* (
  experiment: Experiment,
  selection: {
    readonly wanted?: ReadonlySet<string>
    readonly force?: ReadonlySet<string>
    readonly lock?: "use" | "ignore"
  } = {}
) {
  const { project, compiled, files } = experiment
  const version = `keys ${KEY_FORMAT}, code ${CODE_RULES}, esbuild ${packageJson.version}`
  const index = yield* Effect.promise(() => openFileIndex(join(project.cache, "index.json"), version))
  const lock = selection.lock === "ignore" ? undefined : (yield* readLockFile(experiment.file))?.lock
  const digestOf = keptCode(index, version, project.directory)
  const codeOf: CodeOf = (kind, modules) =>
    Effect.map(Effect.forEach([files[kind] as string, ...modules], digestOf), joinCode)
  const { resolver, resolved } = yield* makePlanResolver(experiment, lock, index, codeOf)
  const planned = yield* plan(compiled.graph, resolver, selection)
  const earlier = yield* earlierResults(planned, [...resolved.seen.values()])
  const expected = expectedCost(planned, resolved.lastSeconds, earlier)
  yield* Effect.promise(() => index.save())
  const byId = new Map(planned.stages.map((stage) => [stage.instance.id, stage]))
  const setupOf = (instance: StageInstance): StageSetup => {
    const stage = byId.get(instance.id)
    if (stage === undefined) throw new Error(`${instance.id} was not planned`)
    return {
      file: files[instance.kind.name] as string,
      facts: stage.facts,
      notes: stage.notes,
      sources: resolved.sources.get(instance.id) ?? {}
    }
  }
  const codeNow = yield* watchCode(codeOf)
  const changedSincePlan = (instance: StageInstance): Effect.Effect<string | undefined> =>
    codeNow(instance).pipe(
      Effect.map(({ digest }) => digest === byId.get(instance.id)?.facts.code.digest),
      Effect.catch(() => Effect.succeed(false)),
      Effect.map((same) => (same ? undefined : (files[instance.kind.name] ?? instance.kind.name)))
    )
  const expectedMemory = (name: string): MemoryEstimate | undefined => {
    const open = planned.stages.filter(({ action, instance }) => instance.stage === name && action !== "hit")
    const instances = open.map(({ instance }) => ({ kind: instance.kind.name, params: instance.params }))
    return estimateMemory(instances, earlier)
  }
  const result: Planned = { plan: planned, setupOf, expected, expectedMemory, lock, changedSincePlan }
  return result
})
