/** `gguf:FILE`: a model in one GGUF file, or in all its parts. */
import { existsSync } from "node:fs"
import { open } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type { SourceOf } from "../../stage/source.ts"
import { filesSource, pathlessName } from "../scheme/files-source.ts"
import { ggufParts } from "../scheme/gguf-names.ts"
import type { NamedFile } from "../scheme/named-file.ts"
import { SourceMissing } from "../scheme/source-missing.ts"
import type { SourceScheme } from "../scheme/source-scheme.ts"

/** A file that is a model by its first four bytes, whatever it is called, and the other parts of its model. */
const ggufFile = Effect.fnUntraced(function* (uri: string, of: SourceOf, path: string) {
  const refused = (problem: string) =>
    new SourceMissing({
      uri,
      problem,
      remedy:
        "give the path of a GGUF file, relative to the YAML file that names it, or with --set to the folder you are in"
    })
  if (of !== "model") return yield* refused(`a GGUF file is a model, and no ${of}`)
  const magic = yield* Effect.tryPromise({
    try: async () => {
      const file = await open(path)
      try {
        return (await file.read(Buffer.alloc(4), 0, 4, 0)).buffer.toString("latin1")
      } finally {
        await file.close()
      }
    },
    catch: (cause) => refused(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  if (magic !== "GGUF") return yield* refused(`${path} does not begin with GGUF`)
  const files = ggufParts(basename(path)).map((name): NamedFile => ({
    name: name.endsWith(".gguf") ? name : `${name}.gguf`,
    path: join(dirname(path), name)
  }))
  const absent = files.find((file) => !existsSync(file.path))
  if (absent === undefined) return files
  return yield* new SourceMissing({
    uri,
    problem: `the model stands in ${files.length} parts, and there is no ${absent.path}`,
    remedy: "put all parts of the model in one folder"
  })
})

const scheme: SourceScheme = {
  resolve: Effect.fnUntraced(function* (request) {
    const { uri, of, baseDirectory } = request
    const files = yield* ggufFile(uri, of, resolve(baseDirectory, uri.slice("gguf:".length)))
    return yield* filesSource(request, files, { builtin: null }, (digest) => pathlessName(files, digest))
  })
}
export default scheme
