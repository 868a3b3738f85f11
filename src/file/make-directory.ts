/** Makes a folder with its parents, and fails with the true reason. */
import { lstatSync, mkdirSync, readlinkSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { Unwritable } from "./unwritable.ts"

const isDirectory = (path: string): boolean => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
  } catch {
    return false
  }
}

/** A link to what is not there, such as a file system that is not mounted. */
const danglingLink = (path: string): Unwritable | undefined => {
  const info = lstatSync(path, { throwIfNoEntry: false })
  if (info?.isSymbolicLink() !== true) return undefined
  return new Unwritable({
    path,
    code: "ENOENT",
    problem: `is a link to ${readlinkSync(path)}, which is not there`,
    remedy: "Mount or make what it stands for, or name another place."
  })
}

/** As `/proc`: it is there, and what is made in it is not. */
const noFolders = (parent: string): Unwritable | undefined =>
  isDirectory(parent)
    ? new Unwritable({
        path: parent,
        code: "ENOENT",
        problem: "no folder can be made in it",
        remedy: "Write elsewhere (the store: --cache)."
      })
    : undefined

/** Others may make or remove a parent between two of our steps; where none can be made, that ends soon. */
const MOST_ATTEMPTS = 4

const make = (path: string): void => {
  for (let attempt = 1; ; attempt++) {
    try {
      return mkdirSync(path)
    } catch (cause) {
      if (isDirectory(path)) return
      const parent = dirname(path)
      const missing = (cause as NodeJS.ErrnoException).code === "ENOENT" && parent !== path
      if (!missing || attempt === MOST_ATTEMPTS) {
        throw danglingLink(path) ?? (missing ? noFolders(parent) : undefined) ?? cause
      }
      make(parent)
    }
  }
}

/**
 * Parent by parent: with `recursive`, Node asks for ever where a parent that is there takes no folders (`/proc`), and says of a
 * read-only file system that a parent is missing. Waited for: it takes the system a tenth of the time that handing it to another
 * thread takes.
 */
export const makeDirectory = async (path: string): Promise<void> => make(path)
