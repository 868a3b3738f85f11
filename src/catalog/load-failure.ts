/** Why a module could not be imported, and the line, where the error says it: in its stack, or before it for syntax errors. */
import { join, sep } from "node:path"
import { fileURLToPath } from "node:url"
import { codeDirectory } from "../project/package-directory.ts"
import { currentBundle } from "../start/bundle.ts"

/** `/study/stages/x.ts:17:20`; a file URL in a stack, a path in the first line of a syntax error's. */
const places = /^(?:\s+at (?:.*\()?)?((?:file:\/\/)?\/[^\n]*?)((?::\d+){1,2})\)?$/gm

/** Not where the mistake is: the API that was called wrongly, the resolver of imports. */
const isOurs = (file: string): boolean =>
  [join(codeDirectory, "src"), currentBundle()?.folder].some(
    (folder) => folder !== undefined && file.startsWith(folder + sep)
  )

export const loadFailure = (cause: unknown): string => {
  const stack = cause instanceof Error ? (cause.stack ?? "") : ""
  const found = [...stack.matchAll(places)]
    .map(([, file = "", position = ""]) => ({ file: file.startsWith("file:") ? fileURLToPath(file) : file, position }))
    .find(({ file }) => !isOurs(file) && !file.includes(`${sep}node_modules${sep}`))
  return `cannot be loaded: ${String(cause)}${found === undefined ? "" : `\n  at ${found.file}${found.position}`}`
}
