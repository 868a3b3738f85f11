/** A document of a JSON file: an object, of which one field holds it. */
import { type DocumentContent, DocumentProblem } from "./document-file.ts"
import { findField, followPath, isRecord } from "./field-path.ts"
import { rowContent } from "./row-content.ts"

const remedy = "Give JSON lines, one object a line, or one array of objects."

const parsed = (json: string, what: string, place: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    throw new DocumentProblem(place, `${what} is not JSON`, remedy)
  }
}

/**
 * @param field null: the first of the usual ones that the object has
 * @param what it is: "the line", "the entry"
 * @throws DocumentProblem
 */
export const jsonRow = (
  json: string,
  field: string | null,
  what: string,
  place: string
): DocumentContent | undefined => {
  const row = parsed(json, what, place)
  if (!isRecord(row)) throw new DocumentProblem(place, `${what} is no object`, remedy)
  const path = findField(field, Object.keys(row), place, (wanted) => `${what} has no field ${wanted}`)
  return rowContent(followPath(row[path.column], path.rest, place), place)
}
