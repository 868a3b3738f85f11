/** JSON lines: a document a line, in one field. Blank lines are none. */
import type { VerifiedFile } from "../../artifact/artifact.ts"
import type { DocumentFile } from "./document-file.ts"
import { jsonRow } from "./json-row.ts"
import { textChunks } from "./text-chunks.ts"

const lines = async function* (
  file: VerifiedFile,
  name: string
): AsyncGenerator<{ readonly line: string; readonly row: number }, void, undefined> {
  let parts: Array<string> = []
  let row = 0
  for await (const chunk of textChunks(file, name)) {
    let start = 0
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
      parts.push(chunk.slice(start, end))
      row++
      yield { line: parts.length === 1 ? (parts[0] as string) : parts.join(""), row }
      parts = []
      start = end + 1
    }
    if (start < chunk.length) parts.push(chunk.slice(start))
  }
  if (parts.length > 0) yield { line: parts.join(""), row: row + 1 }
}

/** @param field null: the first of the usual ones that the line has */
export const jsonLinesFile = (file: VerifiedFile, name: string, field: string | null): DocumentFile => {
  const isDocument = (line: string): boolean => line.trim() !== ""
  return {
    count: async () => {
      let count = 0
      for await (const { line } of lines(file, name)) if (isDocument(line)) count++
      return count
    },
    read: async function* (wanted) {
      let index = -1
      for await (const { line, row } of lines(file, name)) {
        if (!isDocument(line) || !wanted(++index)) continue
        const place = `${name}:${row}`
        const content = jsonRow(line, field, "the line", place)
        if (content !== undefined) yield { index, row, content }
      }
    }
  }
}
