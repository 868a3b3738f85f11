/** Files of a project that a stage read and that are in its key by no declaration: a change in one of them would go unseen. */
import { relative } from "node:path"
import { codeDirectory } from "../project/package-directory.ts"
import type { StageSetup } from "./run-options.ts"

export interface Opened {
  readonly kind: string
  /** By path below the project. */
  readonly files: ReadonlyArray<string>
  readonly setup: Pick<StageSetup, "file" | "facts" | "notes" | "sources">
  readonly projectDirectory: string
}

/** npm packages that a stage imports stand in its key by name and version. For a program they are files like others. */
const isPackage = (path: string, kind: string): boolean =>
  kind !== "command" && (path.startsWith("node_modules/") || path.includes("/node_modules/"))

/** This package's own files, where it is the project itself or stands in it. */
const isOurs = (path: string, projectDirectory: string): boolean => {
  const ours = relative(projectDirectory, codeDirectory)
  if (ours === "") return /^(src|stages|models|build|bin)\//.test(path)
  return !ours.startsWith("..") && path.startsWith(`${ours}/`)
}

export const undeclaredInputs = ({ kind, files, setup, projectDirectory }: Opened): ReadonlyArray<string> => {
  const { facts } = setup.facts
  const listed = facts["files"]
  const declared = new Set([
    relative(projectDirectory, setup.file),
    ...Object.keys(setup.notes.codeFiles),
    ...Object.values(setup.sources).flatMap((source) =>
      source.files.map(({ path }) => relative(projectDirectory, path))
    ),
    ...(typeof listed === "object" && listed !== null && !Array.isArray(listed) ? Object.keys(listed) : [])
  ])
  return files.filter((path) => !declared.has(path) && !isPackage(path, kind) && !isOurs(path, projectDirectory))
}

const SHOWN = 5

/** A Python environment is thousands of files, and one thing to say. */
const environments = (files: ReadonlyArray<string>): ReadonlyArray<string> =>
  files.filter((path) => /(^|[/])pyvenv\.cfg$/.test(path)).map((path) => path.slice(0, -"pyvenv.cfg".length))

export const undeclaredText = (kind: string, files: ReadonlyArray<string>): string => {
  const folders = environments(files)
  const single = files.filter((path) => !folders.some((folder) => folder !== "" && path.startsWith(folder)))
  const names = [...folders.map((folder) => `${folder} (a Python environment)`), ...single]
  const shown = names.slice(0, SHOWN).join(", ")
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ""
  const remedy =
    kind === "command"
      ? `declare them under \`files\`${folders.length > 0 ? ", the environment by a probe: `environment: pip freeze`" : ""}`
      : "import them, or take them through a source parameter (`file:`)"
  return `it read files of the project that are not in its key: ${shown}${more}\n  ${remedy}: a change in them goes unseen`
}
