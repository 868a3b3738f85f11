/** Damaged files leave the place where readers look, and are kept for whoever wants to know what happened to them. */
import { randomUUID } from "node:crypto"
import { rename } from "node:fs/promises"
import { basename, join } from "node:path"
import { hashFile } from "../../file/hash-file.ts"
import { objectPath, quarantineDirectory } from "./layout.ts"
import { makeDirectory } from "../../file/make-directory.ts"

/** Moves a file away; undefined where somebody else did it first. */
export const quarantineFile = async (
  root: string,
  path: string,
  name = basename(path)
): Promise<string | undefined> => {
  const target = join(quarantineDirectory(root), `${name}.${randomUUID().slice(0, 8)}`)
  await makeDirectory(quarantineDirectory(root))
  try {
    await rename(path, target)
    return target
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw cause
  }
}

/**
 * Moves a blob away unless it is intact: it may have been computed again since a reader found it damaged. A store that
 * cannot be written keeps it where it is; readers go on refusing it.
 */
export const quarantineBlob = async (root: string, sha256: string): Promise<string | undefined> => {
  const path = objectPath(root, sha256)
  try {
    if ((await hashFile(path)).sha256 === sha256) return undefined
    return await quarantineFile(root, path)
  } catch {
    return undefined
  }
}
