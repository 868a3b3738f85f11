/** A plain text file: one document, in pieces; none where it holds nothing but white space. */
import type { VerifiedFile } from "../../artifact/artifact.ts"
import type { DocumentFile } from "./document-file.ts"
import { textChunks } from "./text-chunks.ts"

const resumed = async function* (first: string, rest: AsyncGenerator<string, void, undefined>) {
  yield first
  yield* rest
}

export const plainTextFile = (file: VerifiedFile, name: string): DocumentFile => ({
  count: () => Promise.resolve(1),
  read: async function* (wanted) {
    if (!wanted(0)) return
    const chunks = textChunks(file, name)
    let first = ""
    while (first.trim() === "") {
      const { done, value } = await chunks.next()
      if (done === true) return
      first += value
    }
    yield { index: 0, row: 0, content: { type: "text", text: resumed(first, chunks) } }
  }
})
