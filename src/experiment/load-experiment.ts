/**
 * From the name of a file to a planned experiment: reads the files, loads the stage kinds that they use, resolves code,
 * sources and facts, and asks the store what is there. What every command that takes a FILE starts with.
 */
import { readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { basename, dirname, join, relative, resolve } from "node:path"
import * as Cache from "effect/Cache"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Runtime from "effect/Runtime"
import packageJson from "esbuild/package.json" with { type: "json" }
import { compile } from "../plan/compile.ts"
import type { Compiled } from "../plan/compile.ts"
import { LOST } from "../plan/explain.ts"
import { estimateMemory, type MemoryEstimate } from "../plan/estimate-memory.ts"
import { KEY_FORMAT } from "../plan/key.ts"
import { plan } from "../plan/plan.ts"
import type { Plan, PlanResolver } from "../plan/plan.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { Lock } from "../lock/lock.ts"
import { pinOf } from "../lock/pin-of.ts"
import { earlierResults } from "./earlier-results.ts"
import { expectedTime } from "./expected-time.ts"
import { readLockFile } from "./lock-file.ts"
import { locateProject } from "../project/config/locate-project.ts"
import type { Project } from "../project/config/locate-project.ts"
import { goOffline, isOffline } from "../project/offline.ts"
import type { StageSetup } from "../run/run-options.ts"
import { openFileIndex } from "../file/file-index.ts"
import { resolveSource } from "../source/resolve-source.ts"
import { baseOf, engineProblems, withOutsideProblems } from "./outside-problems.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { suggest } from "../words/did-you-mean.ts"
import { formatLocation } from "../specification/location.ts"
import { kindsUsed, pipelineOf } from "../specification/specification.ts"
import type { SourceText } from "../specification/specification.ts"
import { artifactKinds, type ArtifactKinds } from "../catalog/artifact-kinds.ts"
import { CODE_RULES, type CodeDigest, joinCode, type CodeUnreadable } from "../catalog/code-digest.ts"
import { keptCode } from "../catalog/kept-code.ts"
import { loadStageKinds, stageFiles } from "../catalog/stage-catalog.ts"
import type { StageFiles } from "../catalog/stage-catalog.ts"
import type { RemoteFailed } from "../remote/port/remote-failed.ts"
import type { ResolvedSource, SourceOf } from "../stage/source.ts"
import type { StageKind } from "../stage/stage.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { layer as storeLayer } from "../store/local/local-store.ts"
import { Store } from "../store/store.ts"
import { projectStore } from "./project-store.ts"

export class FileUnreadable extends Data.TaggedError("FileUnreadable")<{
  readonly file: string
  /** Where the file is named, for a pipeline that an experiment names. */
  readonly namedAt?: string
  readonly problem: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.namedAt === undefined ? "" : `${this.namedAt} pipeline: `}${this.file}: ${this.problem}`
  }
}

/** The flags that all commands with a FILE share. */
export interface ExperimentInput {
  readonly file: string
  readonly set: ReadonlyArray<string>
  readonly cache: Option.Option<string>
  /** What is pinned and cached has to do. @default false */
  readonly offline?: boolean
  /** Nothing is written to the remote, whatever the project says. @default false */
  readonly remoteReadOnly?: boolean
  /** The remote is not used. @default false */
  readonly noRemote?: boolean
}

/** Flags can only take away: what a project opens for nobody, the command line does not open either. */
const restrict = (project: Project, { noRemote = false, remoteReadOnly = false }: ExperimentInput): Project => {
  const { remote, ...config } = project.config
  const needsNetwork = remote?.url.includes("://") === true && !remote.url.startsWith("file:")
  if (remote === undefined || noRemote || (needsNetwork && isOffline())) return { ...project, config }
  const mode = remoteReadOnly && remote.mode !== "manual" ? { mode: "read" as const } : {}
  return { ...project, config: { ...config, remote: { ...remote, ...mode } } }
}

export interface Experiment {
  readonly project: Project
  /** Path of its file, as the user wrote it. */
  readonly file: string
  /** Path below the project: the name under which its keys are remembered. */
  readonly name: string
  readonly compiled: Compiled
  /** Kind name -> module. */
  readonly files: StageFiles
  /** Artifact kinds that a parameter can name as the output of a stage; undefined where none does. */
  readonly outputs: ArtifactKinds | undefined
}

const readText = Effect.fn("readText")(function* (path: string, namedAt: string | undefined) {
  const file = relative(process.cwd(), path)
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (cause) => cause as NodeJS.ErrnoException
  }).pipe(Effect.result)
  if (Result.isSuccess(text)) return { file, text: text.success } satisfies SourceText
  const place = { file: file === "" ? "." : file, ...(namedAt === undefined ? {} : { namedAt }) }
  if (text.failure.code !== "ENOENT") {
    const problem = text.failure.code === "EISDIR" ? "is a folder; name a YAML file in it" : text.failure.message
    return yield* new FileUnreadable({ ...place, problem })
  }
  const siblings = yield* Effect.promise(() => readdir(dirname(path)).catch(() => []))
  const hint = suggest(
    basename(path),
    siblings.filter((name) => /\.ya?ml$/.test(name))
  )
  return yield* new FileUnreadable({ ...place, problem: `there is no such file${hint}` })
})

/** Reads and checks the files; nothing of the store is touched. Fails with `SpecInvalid`, all problems at once. */
export const readExperiment = Effect.fn("readExperiment")(function* (input: ExperimentInput) {
  if (input.offline === true) goOffline()
  const path = resolve(input.file)
  const [, locked] = /^(.*)\.lock\.ya?ml$/.exec(input.file) ?? []
  if (locked !== undefined) {
    return yield* new FileUnreadable({
      file: input.file,
      problem: `is a lock file; name its experiment, ${locked}.yaml`
    })
  }
  const experiment = yield* readText(path, undefined)
  const named = pipelineOf(experiment)
  const pipeline =
    named === undefined ? undefined : yield* readText(resolve(dirname(path), named.path), formatLocation(named.at))
  const located = yield* locateProject({
    experimentFile: path,
    workingDirectory: process.cwd(),
    cache: Option.getOrUndefined(input.cache)
  })
  const project = restrict(located, input)
  const files = stageFiles(project.stageDirectories)
  const used = new Set([...kindsUsed(experiment), ...(pipeline === undefined ? [] : kindsUsed(pipeline))])
  const catalog = yield* loadStageKinds(Object.fromEntries(Object.entries(files).filter(([name]) => used.has(name))))
  const byName = Object.values(catalog).some(({ output }) => "fromParam" in output)
  const outputs = byName ? yield* artifactKinds(project.directory) : undefined
  const compiled = yield* Effect.fromResult(
    compile({
      experiment,
      ...(pipeline === undefined ? {} : { pipeline }),
      assignments: input.set,
      catalog,
      kindNames: Object.keys(files),
      artifactKinds: outputs?.names ?? []
    })
  ).pipe(Effect.catchTag("SpecInvalid", withOutsideProblems(project.cache)))
  const problems = engineProblems()
  if (problems.length > 0) return yield* new SpecInvalid({ problems })
  const loaded: Experiment = {
    project,
    file: input.file,
    name: relative(project.directory, path),
    compiled,
    files,
    outputs
  }
  return loaded
})

/** Runs `use` with the store of a project, or with that in a folder, which has no remote behind it. */
export const withStore = <A, E, R>(
  where: Project | string,
  use: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<R, Store>> =>
  Effect.provide(use, typeof where === "string" ? storeLayer(where) : projectStore(where))

export interface Planned {
  readonly plan: Plan<ActionRecord>
  /** What the executor has to know of an instance beyond the graph. */
  readonly setupOf: (instance: StageInstance) => StageSetup
  /** Seconds that instances which may run took when they ran last, or what the most similar one took; by id. */
  readonly expectedSeconds: ReadonlyMap<string, number>
  /** By name of the stage; undefined where none of its instances was to run. */
  readonly expectedMemory: (stage: string) => MemoryEstimate | undefined
  /** Undefined where there is none. */
  readonly lock: Lock | undefined
  /** The module of the instance's stage kind, where its code is no longer what was planned. */
  readonly changedSincePlan: (instance: StageInstance) => Effect.Effect<string | undefined>
}

/** How long a look at the code of a stage kind holds. */
const LOOK_MS = 100

/**
 * Plans an experiment against the store. A moving name is what its lock says that it was.
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
  const store = yield* Store
  const version = `keys ${KEY_FORMAT}, code ${CODE_RULES}, esbuild ${packageJson.version}`
  const index = yield* Effect.promise(() => openFileIndex(join(project.cache, "index.json"), version))
  const lastKeys = yield* store.lastKeys(experiment.name)
  const lock = selection.lock === "ignore" ? undefined : (yield* readLockFile(experiment.file))?.lock
  const sources = new Map<string, Record<string, ResolvedSource>>()
  const lastSeconds = new Map<string, number>()
  const seen = new Map<string, ActionRecord>()
  const note = (record: ActionRecord | undefined) =>
    Effect.sync(() => record !== undefined && void seen.set(record.key, record))
  // One text serves many instances: it is resolved once.
  const resolving = yield* Cache.make({
    capacity: Infinity,
    lookup: (place: string) => {
      const { uri, of, base, pin } = JSON.parse(place) as { uri: string; of: SourceOf; base: string; pin?: string }
      return resolveSource(uri, of, base, index, (line) => process.stderr.write(`${line}\n`), pin)
    }
  })

  const digestOf = keptCode(index, version, project.directory)
  const codeOf = (kind: StageKind, modules: ReadonlyArray<string>): Effect.Effect<CodeDigest, CodeUnreadable> =>
    Effect.map(Effect.forEach([files[kind.name] as string, ...modules], digestOf), joinCode)

  const resolver: PlanResolver<ActionRecord, CodeUnreadable | RemoteFailed, never> = {
    code: codeOf,
    source: (instance, name) => {
      const at = instance.origins[`sources.${name}`]
      const base = at === undefined ? process.cwd() : baseOf(at)
      const { of } = instance.kind.sources[name] as { readonly of: SourceOf }
      const uri = instance.sources[name] as string
      const pin = pinOf(lock, instance.id, name, uri)
      return Cache.get(resolving, JSON.stringify({ uri, of, base, pin })).pipe(
        Effect.tap((source) =>
          Effect.sync(() => sources.set(instance.id, { ...sources.get(instance.id), [name]: source }))
        )
      )
    },
    facts: Effect.fnUntraced(function* ({ kind, output, decoded }: StageInstance) {
      const own = yield* decoded.facts?.(project.directory) ?? Effect.succeed({})
      if (!("fromParam" in kind.output) || experiment.outputs === undefined) return own
      // A kind that is declared by value is in the stage kind's code.
      const { name, version } = yield* experiment.outputs.load(output)
      return { ...own, output: { name, version } }
    }),
    numerics: (instance) => Effect.succeed(instance.kind.engine ? { precision: "f32" } : {}),
    open: (digest, kind) =>
      // A plan waits for no transfer of gigabytes.
      store.artifact(digest, { fetch: false }).pipe(
        Effect.flatMap(kind.open),
        Effect.scoped,
        // What cannot be read here is told by the stage that reads it.
        Effect.catchCause(() => Effect.succeed(undefined))
      ),
    lookup: (key) => Effect.tap(store.action(key), note),
    previous: (instance) => {
      const key = lastKeys[instance.id]
      return key === undefined
        ? Effect.succeed(undefined)
        : Effect.map(Effect.tap(store.action(key), note), (record) => {
            if (record !== undefined) lastSeconds.set(instance.id, record.seconds)
            return record ?? LOST
          })
    }
  }
  const planned = yield* plan(compiled.graph, resolver, selection)
  const earlier = yield* earlierResults(planned, [...seen.values()])
  const expectedSeconds = expectedTime(planned, lastSeconds, earlier)
  yield* Effect.promise(() => index.save())
  const byId = new Map(planned.stages.map((stage) => [stage.instance.id, stage]))
  const setupOf = (instance: StageInstance): StageSetup => {
    const stage = byId.get(instance.id)
    if (stage === undefined) throw new Error(`${instance.id} was not planned`)
    return {
      file: files[instance.kind.name] as string,
      facts: stage.facts,
      notes: stage.notes,
      sources: sources.get(instance.id) ?? {}
    }
  }
  // Many small stages start at once: whoever changes a file in the same moment could have done so right after the look.
  const looking = yield* Cache.make({
    capacity: Infinity,
    timeToLive: LOOK_MS,
    lookup: (modules: string) => {
      const [kind = "", ...more] = JSON.parse(modules) as ReadonlyArray<string>
      return Effect.map(Effect.forEach([files[kind] as string, ...more], digestOf), joinCode)
    }
  })
  const changedSincePlan = (instance: StageInstance): Effect.Effect<string | undefined> =>
    Cache.get(looking, JSON.stringify([instance.kind.name, ...instance.decoded.code])).pipe(
      Effect.map(({ digest }) => digest === byId.get(instance.id)?.facts.code.digest),
      Effect.catch(() => Effect.succeed(false)),
      Effect.map((same) => (same ? undefined : (files[instance.kind.name] ?? instance.kind.name)))
    )
  const expectedMemory = (name: string): MemoryEstimate | undefined => {
    const open = planned.stages.filter(({ action, instance }) => instance.stage === name && action !== "hit")
    const instances = open.map(({ instance }) => ({ kind: instance.kind.name, params: instance.params }))
    return estimateMemory(instances, earlier)
  }
  const result: Planned = { plan: planned, setupOf, expectedSeconds, expectedMemory, lock, changedSincePlan }
  return result
})
