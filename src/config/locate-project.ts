/**
 * The project that a command works in: where its files, its stage kinds and its store are.
 *
 * A project is the nearest folder above the experiment file (else above the working folder) that looks like one; any
 * folder will do, since everything in it is optional.
 */
import { existsSync, readlinkSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import { codeDirectory } from "../project/package-directory.ts"
import { CONFIG_FILE } from "./config.ts"
import type { Config } from "./config.ts"
import { readConfig } from "./read-config.ts"

export interface Project {
  readonly directory: string
  /** Folders with stage kinds: ours first, then the project's own. */
  readonly stageDirectories: ReadonlyArray<string>
  /** The artifact store. */
  readonly cache: string
  /** Its `pipeline.config.yaml`. */
  readonly config: Config
}

const marks = [CONFIG_FILE, "pipelines", "experiments", "stages"]

const findUp = (from: string): string | undefined => {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    if (marks.some((mark) => existsSync(join(directory, mark)))) return directory
    if (directory === dirname(directory)) return undefined
  }
}

/** The path itself, or a folder above it, where that is a link to what is not there: a disk that is not mounted. */
const danglingLink = (path: string): { readonly link: string; readonly target: string } | undefined => {
  if (existsSync(path)) return undefined
  try {
    return { link: path, target: readlinkSync(path) }
  } catch {
    // It is no link, or there is nothing at all.
    return dirname(path) === path ? undefined : danglingLink(dirname(path))
  }
}

/** The path itself, or the nearest above it that is there, where that is no folder. */
const fileInTheWay = (path: string): string | undefined => {
  if (existsSync(path)) return statSync(path).isDirectory() ? undefined : path
  return dirname(path) === path ? undefined : fileInTheWay(dirname(path))
}

/** The store is told to be where nothing can be: exit code 2. */
export class StoreGone extends Data.TaggedError("StoreGone")<{
  readonly cache: string
  readonly problem: string
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    return `the store ${this.cache}: ${this.problem}, or name another store with --cache`
  }
}

/**
 * The store is where `--cache`, `PIPELINE_CACHE` or `pipeline.config.yaml` say, in this order; else in `cache/`.
 *
 * Fails with `SpecInvalid` where `pipeline.config.yaml` is wrong, with `StoreGone` where the store is a link to nothing, or a file.
 */
export const locateProject = Effect.fnUntraced(function* (options: {
  /** An experiment's file; without one, the working folder tells. */
  readonly experimentFile?: string
  readonly workingDirectory: string
  /** What `--cache` says. */
  readonly cache: string | undefined
}) {
  const start =
    options.experimentFile === undefined
      ? options.workingDirectory
      : dirname(resolve(options.workingDirectory, options.experimentFile))
  const directory = findUp(start) ?? options.workingDirectory
  const ours = join(codeDirectory, "stages")
  const own = join(directory, "stages")
  const named = options.cache ?? process.env["PIPELINE_CACHE"]
  const config = yield* readConfig(directory)
  const project: Project = {
    directory,
    stageDirectories: own === ours || !existsSync(own) ? [ours] : [ours, own],
    cache:
      named === undefined || named === ""
        ? resolve(directory, config.cache ?? "cache")
        : resolve(options.workingDirectory, named),
    config
  }
  const dangling = danglingLink(project.cache)
  if (dangling !== undefined) {
    const problem = `${dangling.link} is a link to ${dangling.target}, which is not there; mount or make that`
    return yield* new StoreGone({ cache: project.cache, problem })
  }
  const file = fileInTheWay(project.cache)
  if (file !== undefined) {
    return yield* new StoreGone({ cache: project.cache, problem: `${file} is no folder; move it` })
  }
  return project
})
