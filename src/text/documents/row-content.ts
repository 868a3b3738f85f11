/** What a value of the text field is: text, token ids, symbols or a conversation, by its type. */
import { type DocumentContent, DocumentProblem } from "./document-file.ts"
import { isRecord } from "./field-path.ts"

const remedy =
  "The field has to hold text, a list of token ids, of symbols or of messages; text_field names another one."

const typeName = (value: unknown): string =>
  value === null ? "null" : Array.isArray(value) ? "a list" : isRecord(value) ? "a structure" : `a ${typeof value}`

/** 64-bit columns come as BigInt; an id that a Number cannot hold is no id of a token. */
const idOf = (value: unknown): number | undefined => {
  const id = typeof value === "bigint" ? Number(value) : value
  return typeof id === "number" && Number.isSafeInteger(id) ? id : undefined
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

const wellFormed = (text: string, place: string): string => {
  if (text.isWellFormed()) return text
  throw new DocumentProblem(
    place,
    "its text holds half of a surrogate pair, which no character is",
    "Correct the escape \\ud... in it."
  )
}

/** All entries, of which the first has a type. @throws DocumentProblem at the first that has another */
const all = <A>(
  list: ArrayLike<unknown>,
  of: (value: unknown) => value is A,
  kind: string,
  place: string
): ReadonlyArray<A> =>
  Array.from(list, (value, i) => {
    if (of(value)) return value
    throw new DocumentProblem(place, `entry ${i} of the list is ${typeName(value)}, no ${kind}`, remedy)
  })

const isText = (value: unknown): value is string => typeof value === "string"

/**
 * @param place for messages: `a.jsonl:12`
 * @returns undefined where there is nothing: null, an empty text, an empty list
 */
export const rowContent = (value: unknown, place: string): DocumentContent | undefined => {
  if (value === null || value === undefined) return undefined
  if (isText(value)) return value.trim() === "" ? undefined : { type: "text", text: wellFormed(value, place) }
  if (!isList(value)) throw new DocumentProblem(place, `the field holds ${typeName(value)}`, remedy)
  if (value.length === 0) return undefined
  if (isText(value[0])) return { type: "symbols", symbols: all(value, isText, "string", place) }
  if (isRecord(value[0])) return { type: "messages", messages: all(value, isRecord, "message", place) }
  const ids = new Float64Array(value.length)
  for (let i = 0; i < value.length; i++) {
    const id = idOf(value[i])
    if (id === undefined) {
      const what = value[i] === null ? "null" : `no integer`
      throw new DocumentProblem(place, `entry ${i} of the list is ${what}`, remedy)
    }
    ids[i] = id
  }
  return { type: "ids", ids }
}
