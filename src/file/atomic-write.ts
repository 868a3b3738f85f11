/**
 * Writes that are either there or not, whatever is killed when: a temporary file beside the target, fsync, then a
 * rename (which replaces) or a link (which refuses to), then fsync of the folder.
 */
import { randomUUID } from "node:crypto"
import { link, open, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { makeDirectory } from "./make-directory.ts"

/** Temporary files start with this; whatever lists a folder passes over them. */
export const TEMPORARY = ".tmp-"

export const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

type Content = string | Uint8Array | ReadonlyArray<Uint8Array>

const writeTemporary = async (target: string, content: Content, mode: number): Promise<string> => {
  const directory = dirname(target)
  await makeDirectory(directory)
  const temporary = join(directory, TEMPORARY + randomUUID())
  try {
    const handle = await open(temporary, "wx", mode)
    try {
      for (const part of Array.isArray(content) ? content : [content]) await handle.writeFile(part as Uint8Array)
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw cause
  }
  return temporary
}

/** Replaces what stands at `target`. */
export const writeAtomic = async (target: string, content: Content, mode = 0o644): Promise<void> => {
  const temporary = await writeTemporary(target, content, mode)
  try {
    await rename(temporary, target)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw cause
  }
  await syncDirectory(dirname(target))
}

/** False where `target` exists: the caller lost. */
export const writeExclusive = async (target: string, content: Content, mode = 0o444): Promise<boolean> => {
  const temporary = await writeTemporary(target, content, mode)
  try {
    await link(temporary, target)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false
    throw cause
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
  await syncDirectory(dirname(target))
  return true
}
