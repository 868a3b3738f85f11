/**
 * Writes that are either there or not, whatever is killed when: a temporary file beside the target, fsync, then a
 * rename (which replaces) or a link (which refuses to), then fsync of the folder.
 *
 * Those that end in `Soon` leave out both fsyncs: a killed process changes nothing for them, since what it wrote is the
 * system's already. After a power cut the file may be there and empty, so they are for what carries its digest, and is synced
 * later or costs little to make again.
 */
import { randomUUID } from "node:crypto"
import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { type FileHandle, link, open, rename, rm } from "node:fs/promises"
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

/** Pieces are asked for one by one, each once the one before is written. */
type Content = string | Uint8Array | Iterable<Uint8Array>

/** A temporary file that is written, but not on the disk yet. */
interface Written {
  readonly temporary: string
  readonly handle: FileHandle
}

const discard = (temporary: string): Promise<void> => rm(temporary, { force: true }).catch(() => {})

const fillTemporary = async (target: string, content: Content, mode: number): Promise<Written> => {
  const directory = dirname(target)
  await makeDirectory(directory)
  const temporary = join(directory, TEMPORARY + randomUUID())
  let handle: FileHandle | undefined
  try {
    handle = await open(temporary, "wx", mode)
    const whole = typeof content === "string" || content instanceof Uint8Array
    for (const part of whole ? [content] : content) await handle.writeFile(part)
    return { temporary, handle }
  } catch (cause) {
    await handle?.close()
    await discard(temporary)
    throw cause
  }
}

const syncTemporary = async ({ temporary, handle }: Written): Promise<string> => {
  try {
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    await discard(temporary)
    throw cause
  }
  return temporary
}

const writeTemporary = async (target: string, content: Content, mode: number): Promise<string> =>
  syncTemporary(await fillTemporary(target, content, mode))

const replaceWith = async (temporary: string, target: string): Promise<void> => {
  try {
    await rename(temporary, target)
  } catch (cause) {
    await discard(temporary)
    throw cause
  }
  await syncDirectory(dirname(target))
}

/** Replaces what stands at `target`. */
export const writeAtomic = async (target: string, content: Content, mode = 0o644): Promise<void> =>
  replaceWith(await writeTemporary(target, content, mode), target)

/**
 * The same in two parts: the pieces are handed to the system, after which they may change; what comes back, called once, puts them on
 * the disk and in their place.
 */
export const beginAtomic = async (target: string, content: Content, mode = 0o644): Promise<() => Promise<void>> => {
  const written = await fillTemporary(target, content, mode)
  return async () => replaceWith(await syncTemporary(written), target)
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

const isMissing = (cause: unknown): boolean => (cause as NodeJS.ErrnoException).code === "ENOENT"

/** Runs it once more after making the folder, where that was not there: it nearly always is. */
export const inFolder = async <A>(directory: string, run: () => A): Promise<A> => {
  try {
    return run()
  } catch (cause) {
    if (!isMissing(cause)) throw cause
    await makeDirectory(directory)
    return run()
  }
}

/** Waited for, as all that ends in `Soon`: it takes the system a tenth of the time that handing it to another thread takes. */
const writeTemporarySoon = async (target: string, content: string, mode: number): Promise<string> => {
  const temporary = join(dirname(target), TEMPORARY + randomUUID())
  try {
    await inFolder(dirname(target), () => writeFileSync(temporary, content, { flag: "wx", mode }))
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw cause
  }
  return temporary
}

/** Replaces what stands at `target`. */
export const writeAtomicSoon = async (target: string, content: string, mode = 0o644): Promise<void> => {
  const temporary = await writeTemporarySoon(target, content, mode)
  try {
    renameSync(temporary, target)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw cause
  }
}

/** False where `target` exists: the caller lost. */
export const writeExclusiveSoon = async (target: string, content: string, mode = 0o444): Promise<boolean> => {
  const temporary = await writeTemporarySoon(target, content, mode)
  try {
    linkSync(temporary, target)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false
    throw cause
  } finally {
    rmSync(temporary, { force: true })
  }
}
