/**
 * The documents of a `file:` text source: a plain text file is one document, a line of a `.jsonl` file is one (its field
 * `text`).
 */
import * as fs from "node:fs"
import type { TextDocument } from "./text-document.ts"

interface NamedFile {
  readonly name: string
  readonly path: string
}

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

/** @throws RangeError with file and line, for a file that is not UTF-8 or a line without a text */
export const fileDocuments = (files: ReadonlyArray<NamedFile>): ReadonlyArray<TextDocument> =>
  files.flatMap(({ name, path }) => {
    const bytes = fs.readFileSync(path)
    let text: string
    try {
      text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r\n?/g, "\n")
    } catch {
      throw new RangeError(`${name} is not UTF-8 text`)
    }
    if (!/\.jsonl$/i.test(path)) return text.trim() === "" ? [] : [{ name, text }]
    return text
      .split("\n")
      .map((line, i) => [line, i + 1] as const)
      .filter(([line]) => line.trim() !== "")
      .map(([line, number]) => jsonLine(name, line, number))
  })
