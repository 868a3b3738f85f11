/** JSON lines: a document a line, in one field. Blank lines are none. */
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { suggestOrList } from "../../words/did-you-mean.ts"
import { type DocumentFile, DocumentProblem } from "./document-file.ts"
import { fieldsInOrder } from "./fields-in-order.ts"
import { rowContent } from "./row-content.ts"
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

const parseLine = (line: string, place: string): Readonly<Record<string, unknown>> => {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new DocumentProblem(place, "the line is not JSON", "Give JSON lines: one object a line.")
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Readonly<Record<string, unknown>>
  }
  throw new DocumentProblem(place, "the line is no object", "Give JSON lines: one object a line.")
}

/** @param field null: the first of text, input_ids and tokens that the line has */
export const jsonLinesFile = (file: VerifiedFile, name: string, field: string | null): DocumentFile => {
  const isDocument = (line: string): boolean => line.trim() !== ""
  const valueOf = (line: string, place: string): unknown => {
    const object = parseLine(line, place)
    const key = fieldsInOrder(field).find((candidate) => Object.hasOwn(object, candidate))
    if (key !== undefined) return object[key]
    const wanted = fieldsInOrder(field).join(", ")
    throw new DocumentProblem(
      place,
      `the line has no field ${wanted}${suggestOrList(wanted, Object.keys(object))}`,
      "Name the field that holds the text with text_field."
    )
  }
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
        const content = rowContent(valueOf(line, place), place)
        if (content !== undefined) yield { index, row, content }
      }
    }
  }
}
