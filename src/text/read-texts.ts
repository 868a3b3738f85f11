/** Contents of the files of a text source, checked against the digests under which they entered the key. */
import * as Effect from "effect/Effect"
import { readSourceFile } from "../source/read-source.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource } from "../stage/source.ts"
import type { TextDocument } from "../source/builtin/text-document.ts"

const decoder = new TextDecoder("utf-8", { fatal: true })

/** Line ends become `\n`, a byte-order mark goes. */
export const readTexts = Effect.fn("readTexts")(function* (source: ResolvedSource) {
  return yield* Effect.forEach(source.files, (file) =>
    readSourceFile(source, file).pipe(
      Effect.flatMap((bytes) =>
        Effect.try({
          try: (): TextDocument => ({ name: file.name, text: decoder.decode(bytes).replace(/\r\n?/g, "\n") }),
          catch: () => stageFailed(`source ${source.uri}: ${file.path} is not UTF-8 text`, "Convert it to UTF-8.")
        })
      )
    )
  )
})
