/**
 * The documents of text files: a plain text file is one document, a line of a `.jsonl` file is one (its field `text`).
 */
import type { TextDocument } from "./text-document.ts"

const jsonLine = (name: string, line: string, number: number): TextDocument => {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new RangeError(`${name}:${number}: the line is not JSON`)
  }
  const text = (parsed as { readonly text?: unknown } | null)?.text
  if (typeof text !== "string") throw new RangeError(`${name}:${number}: the line has no field text that is a string`)
  return { name: `${name}:${number}`, text }
}

/**
 * @param files contents by file name; empty files and lines give no document
 * @throws RangeError with file and line, for a line without a text
 */
export const fileDocuments = (files: ReadonlyArray<TextDocument>): ReadonlyArray<TextDocument> =>
  files.flatMap(({ name, text }) => {
    if (!/\.jsonl$/i.test(name)) return text.trim() === "" ? [] : [{ name, text }]
    return text
      .split("\n")
      .map((line, i) => [line, i + 1] as const)
      .filter(([line]) => line.trim() !== "")
      .map(([line, number]) => jsonLine(name, line, number))
  })
