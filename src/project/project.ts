/**
 * The project that a command works in: where its files, its stage kinds and its store are.
 *
 * A project is the nearest folder above the experiment file (else above the working folder) that looks like one; any
 * folder will do, since everything in it is optional.
 */
import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

export interface Project {
  readonly directory: string
  /** Folders with stage kinds: ours first, then the project's own. */
  readonly stageDirectories: ReadonlyArray<string>
  /** The artifact store. */
  readonly cache: string
}

/** The folder that this package is installed in. */
export const packageDirectory: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

const marks = ["pipeline.config.yaml", "pipelines", "experiments", "stages"]

const findUp = (from: string): string | undefined => {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    if (marks.some((mark) => existsSync(join(directory, mark)))) return directory
    if (directory === dirname(directory)) return undefined
  }
}

/** `cache` is what `--cache`, `PIPELINE_CACHE` or `pipeline.config.yaml` say, in this order; default `cache/`. */
export const locateProject = (options: {
  readonly experimentFile: string | undefined
  readonly workingDirectory: string
  readonly cache: string | undefined
}): Project => {
  const start =
    options.experimentFile === undefined
      ? options.workingDirectory
      : dirname(resolve(options.workingDirectory, options.experimentFile))
  const directory = findUp(start) ?? options.workingDirectory
  const ours = join(packageDirectory, "stages")
  const own = join(directory, "stages")
  return {
    directory,
    stageDirectories: own === ours || !existsSync(own) ? [ours] : [ours, own],
    cache: resolve(options.workingDirectory, options.cache ?? join(directory, "cache"))
  }
}
