/** The end of a stage's log. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs"

/** Empty where there is no log. */
export const readTail = (path: string, lines: number): ReadonlyArray<string> => {
  let file: number | undefined
  try {
    file = openSync(path, "r")
    const { size } = fstatSync(file)
    // 200 bytes a line is more than enough for most.
    const buffer = Buffer.alloc(Math.min(size, lines * 200))
    readSync(file, buffer, 0, buffer.length, size - buffer.length)
    return buffer.toString("utf8").trimEnd().split("\n").slice(-lines)
  } catch {
    return []
  } finally {
    if (file !== undefined) closeSync(file)
  }
}
