/** Makes a folder with its parents, and fails with the true reason. */
import { lstat, mkdir, readlink, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { Unwritable } from "./unwritable.ts"

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    (info) => info.isDirectory(),
    () => false
  )

/** A link to what is not there, such as a file system that is not mounted. */
const danglingLink = async (path: string): Promise<Unwritable | undefined> => {
  const info = await lstat(path).catch(() => undefined)
  if (info?.isSymbolicLink() !== true) return undefined
  return new Unwritable({
    path,
    code: "ENOENT",
    problem: `is a link to ${await readlink(path)}, which is not there`,
    remedy: "Mount or make what it stands for, or name another place."
  })
}

/** Others may make or remove a parent between two of our steps; where none can be made, that ends soon. */
const MOST_ATTEMPTS = 4

/**
 * Parent by parent: with `recursive`, Node asks for ever where a parent that is there takes no folders (`/proc`), and says of a
 * read-only file system that a parent is missing.
 */
export const makeDirectory = async (path: string): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await mkdir(path)
    } catch (cause) {
      if (await isDirectory(path)) return
      const parent = dirname(path)
      const missing = (cause as NodeJS.ErrnoException).code === "ENOENT" && parent !== path
      if (!missing || attempt === MOST_ATTEMPTS) throw (await danglingLink(path)) ?? cause
      await makeDirectory(parent)
    }
  }
}
