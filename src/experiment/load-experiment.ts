/**
 * From the name of a file to an experiment: reads the files, loads the stage kinds that they use, and checks them. What every
 * command that takes a FILE starts with.
 */
import { readFileSync } from "node:fs"
import { readdir } from "node:fs/promises"
import { basename, dirname, relative, resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Runtime from "effect/Runtime"
import { compile } from "../plan/compile.ts"
import type { Compiled } from "../plan/compile.ts"
import { locateProject } from "../config/locate-project.ts"
import type { Project } from "../config/locate-project.ts"
import { goOffline, isOffline } from "../project/offline.ts"
import { engineProblems, withOutsideProblems } from "./outside-problems.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { suggest } from "../words/did-you-mean.ts"
import { kindsUsed, pipelineOf } from "../specification/specification.ts"
import type { SourceText } from "../specification/specification.ts"
import { artifactKinds, type ArtifactKinds } from "../catalog/artifact-kinds.ts"
import { loadStageKinds, stageFiles } from "../catalog/stage-catalog.ts"
import type { StageFiles } from "../catalog/stage-catalog.ts"
import { layer as storeLayer } from "../store/local/local-store.ts"
import type { Store } from "../store/store.ts"
import { projectStore } from "./project-store.ts"

export class FileUnreadable extends Data.TaggedError("FileUnreadable")<{
  readonly file: string
  readonly problem: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `${this.file}: ${this.problem}`
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

const readText = Effect.fn("readText")(function* (path: string) {
  const file = relative(process.cwd(), path)
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8"),
    catch: (cause) => cause as NodeJS.ErrnoException
  }).pipe(Effect.result)
  if (Result.isSuccess(text)) return { file, text: text.success } satisfies SourceText
  const place = { file: file === "" ? "." : file }
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
  const experiment = yield* readText(path)
  const named = pipelineOf(experiment)
  const pipeline =
    // One that cannot be read is told with whatever else is wrong in the experiment's file.
    named === undefined
      ? undefined
      : yield* Effect.catchTag(readText(resolve(dirname(path), named)), "FileUnreadable", Effect.succeed)
  const located = yield* locateProject({
    experimentFile: path,
    workingDirectory: process.cwd(),
    cache: Option.getOrUndefined(input.cache)
  })
  const project = restrict(located, input)
  const files = stageFiles(project.stageDirectories)
  const used = new Set([
    ...kindsUsed(experiment),
    ...(pipeline === undefined || "problem" in pipeline ? [] : kindsUsed(pipeline))
  ])
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
