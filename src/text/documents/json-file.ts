/** A `.json` file: JSON lines, as C4 and Dolma are, or one array of objects. Its first character says which. */
import type { VerifiedFile } from "../../artifact/artifact.ts"
import type { DocumentFile } from "./document-file.ts"
import { jsonEntries } from "./json-entries.ts"
import { jsonLinesFile } from "./json-lines-file.ts"
import { jsonRow } from "./json-row.ts"
import { textChunks } from "./text-chunks.ts"

const isArray = async (file: VerifiedFile, name: string): Promise<boolean> => {
  for await (const chunk of textChunks(file, name)) {
    const text = chunk.trimStart()
    if (text !== "") return text.startsWith("[")
  }
  return false
}

const jsonArrayFile = (file: VerifiedFile, name: string, field: string | null): DocumentFile => {
  const entries = () => jsonEntries(textChunks(file, name), name)
  return {
    count: async () => {
      let count = 0
      for await (const _ of entries()) count++
      return count
    },
    read: async function* (wanted) {
      let index = -1
      for await (const entry of entries()) {
        if (!wanted(++index)) continue
        const content = jsonRow(entry, field, "the entry", `${name}:${index + 1}`)
        if (content !== undefined) yield { index, row: index + 1, content }
      }
    }
  }
}

/** @param field null: the first of the usual ones that an object has */
export const jsonFile = (file: VerifiedFile, name: string, field: string | null): DocumentFile => {
  const open = async (): Promise<DocumentFile> =>
    (await isArray(file, name)) ? jsonArrayFile(file, name, field) : jsonLinesFile(file, name, field)
  return {
    count: async () => (await open()).count(),
    read: async function* (wanted) {
      yield* (await open()).read(wanted)
    }
  }
}
