/** `file:PATH`: a file, or a folder with all its files. */
import { existsSync } from "node:fs"
import { stat } from "node:fs/promises"
import { basename, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { filesSource, pathlessName } from "../scheme/files-source.ts"
import { localFiles } from "../scheme/local-files.ts"
import { SourceMissing } from "../scheme/source-missing.ts"
import type { SourceScheme } from "../scheme/source-scheme.ts"

const filesAt = (uri: string, path: string) =>
  Effect.tryPromise({
    try: async () => {
      if (!existsSync(path)) throw new Error("there is no such file or folder")
      if (!(await stat(path)).isDirectory()) return [{ name: basename(path), path }]
      const files = await localFiles(path)
      if (files.length === 0) throw new Error("the folder holds no files")
      return files
    },
    catch: (cause) =>
      new SourceMissing({
        uri,
        problem: `${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
        remedy:
          "give a path that exists, relative to the YAML file that names it, or with --set to the folder you are in"
      })
  })

const scheme: SourceScheme = {
  resolve: Effect.fnUntraced(function* (request) {
    const { uri, baseDirectory } = request
    const files = yield* filesAt(uri, resolve(baseDirectory, uri.slice("file:".length)))
    return yield* filesSource(request, files, { builtin: null }, (digest) => pathlessName(files, digest))
  })
}
export default scheme
