/** `builtin:NAME`: what the package and its dependencies bring. */
import * as Effect from "effect/Effect"
import { suggest } from "../../words/did-you-mean.ts"
import { builtinFiles, builtinNames } from "../builtin/builtin-source.ts"
import { filesSource } from "../scheme/files-source.ts"
import { SourceMissing } from "../scheme/source-missing.ts"
import type { SourceScheme } from "../scheme/source-scheme.ts"

const scheme: SourceScheme = {
  resolve: Effect.fnUntraced(function* (request) {
    const { uri, of } = request
    const name = uri.slice("builtin:".length)
    const files = builtinFiles(of, name)
    if (files !== undefined) return yield* filesSource(request, files, { builtin: uri }, () => uri)
    const known = builtinNames(of)
    const remedy =
      known.length === 0
        ? "give the path of a folder: file:..."
        : `builtin ${of}s: ${known.map((each) => `builtin:${each}`).join(", ")}`
    const problem = `there is no builtin ${of} of that name${suggest(name, known)}`
    return yield* new SourceMissing({ uri, problem, remedy })
  })
}
export default scheme
