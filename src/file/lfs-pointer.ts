/**
 * What Git LFS leaves in the place of a file that a clone did not fetch: a few lines with its digest and its size
 * (git-lfs, docs/spec.md). It has the file's name, and a reader of the format could only say that it is damaged.
 */
import { readFileSync, statSync } from "node:fs"

/** By the specification a pointer is smaller. */
const MOST_BYTES = 1024
const form = /^version https?:\/\/[^\n]+\n(?:[^\n]+\n)*oid [a-z0-9]+:[0-9a-f]+\n(?:[^\n]+\n)*size (\d+)\n?$/

const smallText = (path: string): string => {
  try {
    const info = statSync(path)
    return info.isFile() && info.size <= MOST_BYTES ? readFileSync(path, "utf8") : ""
  } catch {
    return ""
  }
}

/** What is wrong with the file at `path`, where it is a pointer; a file that cannot be read is none. */
export const lfsPointer = (path: string): string | undefined => {
  const size = form.exec(smallText(path))?.[1]
  if (size === undefined) return undefined
  return `it is a pointer of Git LFS, in the place of a file of ${size} bytes that was not fetched; \`git lfs pull\` in its folder brings it`
}
