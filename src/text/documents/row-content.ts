/** What a value of the text field is: text, token ids or symbols, by its type. */
import { type DocumentContent, DocumentProblem } from "./document-file.ts"

const remedy = "The field has to hold text, a list of token ids, or a list of symbols; text_field names another one."

const typeName = (value: unknown): string => (Array.isArray(value) ? "a list" : `a ${typeof value}`)

/** 64-bit columns come as BigInt; an id that a Number cannot hold is no id of a token. */
const idOf = (value: unknown): number | undefined => {
  const id = typeof value === "bigint" ? Number(value) : value
  return typeof id === "number" && Number.isSafeInteger(id) ? id : undefined
}

const isList = (value: unknown): value is ArrayLike<unknown> =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))

/**
 * @param place for messages: `a.jsonl:12`
 * @returns undefined where there is nothing: null, an empty text, an empty list
 */
export const rowContent = (value: unknown, place: string): DocumentContent | undefined => {
  if (value === null || value === undefined) return undefined
  if (typeof value === "string") return value.trim() === "" ? undefined : { type: "text", text: value }
  if (!isList(value)) throw new DocumentProblem(place, `the field holds ${typeName(value)}`, remedy)
  if (value.length === 0) return undefined
  if (typeof value[0] === "string") {
    const symbols = Array.from(value)
    const strange = symbols.findIndex((symbol) => typeof symbol !== "string")
    if (strange >= 0) {
      throw new DocumentProblem(
        place,
        `entry ${strange} of the list is ${typeName(symbols[strange])}, no string`,
        remedy
      )
    }
    return { type: "symbols", symbols: symbols as ReadonlyArray<string> }
  }
  const ids = new Float64Array(value.length)
  for (let i = 0; i < value.length; i++) {
    const id = idOf(value[i])
    if (id === undefined) throw new DocumentProblem(place, `entry ${i} of the list is no integer`, remedy)
    ids[i] = id
  }
  return { type: "ids", ids }
}
