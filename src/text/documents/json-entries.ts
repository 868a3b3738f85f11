/** The entries of a JSON array that comes in pieces, as JSON each: no more than one of them is in memory. */
import { DocumentProblem } from "./document-file.ts"

const remedy = "Give one array of objects, or JSON lines: one object a line."

/** What changes the depth, begins or ends a string, or ends an entry. */
const outside = /["[\]{},]/g
const inside = /["\\]/g

/** @param pieces begin with the array's bracket, white space aside */
export const jsonEntries = async function* (
  pieces: AsyncIterable<string>,
  name: string
): AsyncGenerator<string, void, undefined> {
  let parts: Array<string> = []
  let [depth, inString, escaped, ended, count] = [0, false, false, false, 0]
  const entry = (rest: string): string | undefined => {
    const text = (parts.join("") + rest).trim()
    parts = []
    if (text !== "") count++
    return text === "" ? undefined : text
  }
  for await (const piece of pieces) {
    let start = 0
    let at = 0
    // The character after a backslash at the end of the last piece.
    if (escaped) at = 1
    escaped = false
    while (at < piece.length) {
      const signs = inString ? inside : outside
      signs.lastIndex = at
      const found = signs.exec(piece)
      if (found === null) break
      const [sign] = found
      at = found.index + 1
      if (inString) {
        if (sign === '"') inString = false
        else if (at === piece.length) escaped = true
        else at++
        continue
      }
      if (ended) throw new DocumentProblem(name, "something stands behind the array", remedy)
      if (sign === '"') inString = true
      else if (sign === "[" || sign === "{") {
        if (depth++ === 0) start = at
      } else if (sign === ",") {
        if (depth !== 1) continue
        const text = entry(piece.slice(start, found.index))
        if (text === undefined)
          throw new DocumentProblem(`${name}:${count + 1}`, "there is nothing before a comma", remedy)
        yield text
        start = at
      } else if (--depth === 0) {
        const text = entry(piece.slice(start, found.index))
        if (text !== undefined) yield text
        ended = true
        start = at
      }
    }
    if (depth > 0) parts.push(piece.slice(start))
    else if (ended && piece.slice(start).trim() !== "") {
      throw new DocumentProblem(name, "something stands behind the array", remedy)
    }
  }
  if (!ended) throw new DocumentProblem(name, "the array does not end", "Give the whole file.")
}
