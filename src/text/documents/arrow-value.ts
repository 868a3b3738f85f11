/**
 * A cell of an Arrow column as JSON would have it: text, numbers, lists, structures, null. Binary is text in UTF-8. What a
 * typed array would hide (a null among integers is 0 there) or what is no text and no id (floating-point numbers, times,
 * decimals) is told apart by the column's type.
 */
import * as arrow from "apache-arrow"
import { DocumentProblem } from "./document-file.ts"
import { utf8Text } from "./utf8.ts"

const remedy =
  "Give a column of text, of integers or text in lists, or of structures that hold one; text_field names it."

const isText = (type: arrow.DataType): boolean =>
  arrow.DataType.isUtf8(type) || arrow.DataType.isLargeUtf8(type) || arrow.DataType.isUtf8View(type)

const isBinary = (type: arrow.DataType): boolean =>
  arrow.DataType.isBinary(type) ||
  arrow.DataType.isLargeBinary(type) ||
  arrow.DataType.isFixedSizeBinary(type) ||
  arrow.DataType.isBinaryView(type)

const isList = (type: arrow.DataType): boolean =>
  arrow.DataType.isList(type) || arrow.DataType.isLargeList(type) || arrow.DataType.isFixedSizeList(type)

/** Values of a column that are lists of integers without a null are typed arrays. */
const listValue = (items: arrow.Vector, place: string): unknown => {
  if (arrow.DataType.isInt(items.type) && items.nullCount === 0) return items.toArray()
  return Array.from({ length: items.length }, (_, i) => arrowValue(items, i, place))
}

const structValue = (column: arrow.Vector, index: number, place: string): unknown =>
  Object.fromEntries(
    (column.type as arrow.Struct).children.map(({ name }, i) => [
      name,
      arrowValue(column.getChildAt(i) as arrow.Vector, index, place)
    ])
  )

/** @throws DocumentProblem */
export const arrowValue = (column: arrow.Vector, index: number, place: string): unknown => {
  const { type } = column
  if (arrow.DataType.isNull(type) || !column.isValid(index)) return null
  const content = arrow.DataType.isDictionary(type) ? type.dictionary : type
  if (isText(content) || arrow.DataType.isInt(content) || arrow.DataType.isBool(content)) return column.get(index)
  if (isBinary(content)) {
    const text = utf8Text(column.get(index) as Uint8Array)
    if (text !== undefined) return text
    throw new DocumentProblem(place, "it holds bytes that are no UTF-8 text", remedy)
  }
  // Of other values in a dictionary nothing is known here.
  if (content === type && isList(type)) return listValue(column.get(index) as arrow.Vector, place)
  if (content === type && arrow.DataType.isStruct(type)) return structValue(column, index, place)
  throw new DocumentProblem(place, `its type is ${String(type)}, which is no text and no token ids`, remedy)
}
