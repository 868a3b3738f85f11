/**
 * The project that a command works in: where its files, its stage kinds and its store are.
 *
 * A project is the nearest folder above the experiment file (else above the working folder) that looks like one; any
 * folder will do, since everything in it is optional.
 */
import { existsSync, readFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { parse } from "yaml"
import { codeDirectory } from "./package-directory.ts"

export interface Project {
  readonly directory: string
  /** Folders with stage kinds: ours first, then the project's own. */
  readonly stageDirectories: ReadonlyArray<string>
  /** The artifact store. */
  readonly cache: string
}

const marks = ["pipeline.config.yaml", "pipelines", "experiments", "stages"]

const findUp = (from: string): string | undefined => {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    if (marks.some((mark) => existsSync(join(directory, mark)))) return directory
    if (directory === dirname(directory)) return undefined
  }
}

/** `cache:` of a project's `pipeline.config.yaml`, relative to the project. */
const configuredCache = (directory: string): string | undefined => {
  const path = join(directory, "pipeline.config.yaml")
  if (!existsSync(path)) return undefined
  const config: unknown = parse(readFileSync(path, "utf8"))
  if (typeof config !== "object" || config === null || !("cache" in config)) return undefined
  return typeof config.cache === "string" ? resolve(directory, config.cache) : undefined
}

/** The store is where `--cache`, `PIPELINE_CACHE` or `pipeline.config.yaml` say, in this order; else in `cache/`. */
export const locateProject = (options: {
  /** An experiment's file; without one, the working folder tells. */
  readonly experimentFile?: string
  readonly workingDirectory: string
  /** What `--cache` says. */
  readonly cache: string | undefined
}): Project => {
  const start =
    options.experimentFile === undefined
      ? options.workingDirectory
      : dirname(resolve(options.workingDirectory, options.experimentFile))
  const directory = findUp(start) ?? options.workingDirectory
  const ours = join(codeDirectory, "stages")
  const own = join(directory, "stages")
  const named = options.cache ?? process.env["PIPELINE_CACHE"]
  return {
    directory,
    stageDirectories: own === ours || !existsSync(own) ? [ours] : [ours, own],
    cache:
      named === undefined || named === ""
        ? (configuredCache(directory) ?? join(directory, "cache"))
        : resolve(options.workingDirectory, named)
  }
}
