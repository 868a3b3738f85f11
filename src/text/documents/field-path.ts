/** Where the documents are in a row: a field, or a path of fields with dots between them (`meta.text`). */
import { suggestOrList } from "../../words/did-you-mean.ts"
import { DocumentProblem } from "./document-file.ts"

/** Names that the field with the documents has where nobody names it: of text, of token ids, of a conversation. */
const usual = ["text", "input_ids", "tokens", "messages"]

/** @param field the name that was given, or null */
const fieldsInOrder = (field: string | null): ReadonlyArray<string> => (field === null ? usual : [field])

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)

export interface FieldPath {
  /** A column, or a field at the top of a row. */
  readonly column: string
  /** Fields within it. */
  readonly rest: ReadonlyArray<string>
}

/** A column of the whole name goes before one that its first part names. */
const pathIn = (name: string, columns: ReadonlyArray<string>): FieldPath | undefined => {
  if (columns.includes(name)) return { column: name, rest: [] }
  const [column = "", ...rest] = name.split(".")
  return rest.length > 0 && columns.includes(column) ? { column, rest } : undefined
}

/** The first of the fields that is there. @throws DocumentProblem */
export const findField = (
  field: string | null,
  columns: ReadonlyArray<string>,
  place: string,
  there: (wanted: string) => string
): FieldPath => {
  const wanted = fieldsInOrder(field)
  for (const name of wanted) {
    const path = pathIn(name, columns)
    if (path !== undefined) return path
  }
  const names = wanted.join(", ")
  throw new DocumentProblem(
    place,
    `${there(names)}${suggestOrList(names, columns)}`,
    "Name the one that holds the text with text_field; dots lead into a structure: meta.text."
  )
}

/** The value at the end of a path; null where something on the way is null. @throws DocumentProblem */
export const followPath = (value: unknown, rest: ReadonlyArray<string>, place: string): unknown => {
  let at = value
  for (const name of rest) {
    if (at === null || at === undefined) return null
    if (!isRecord(at) || !Object.hasOwn(at, name)) {
      throw new DocumentProblem(
        place,
        isRecord(at)
          ? `there is no field ${name} in it${suggestOrList(name, Object.keys(at))}`
          : `there is nothing in it that has a field ${name}`,
        "Correct text_field."
      )
    }
    at = at[name]
  }
  return at
}
