/** Makes a folder with its parents, and fails with the true reason. */
import { access, mkdir } from "node:fs/promises"
import { dirname } from "node:path"

/** On a read-only file system, `mkdir` with `recursive` says that a parent is missing: ask for the parent itself then. */
const explain = async (path: string): Promise<void> => {
  let missing = path
  for (let parent = dirname(path); parent !== missing; parent = dirname(parent)) {
    const exists = await access(parent).then(
      () => true,
      () => false
    )
    if (exists) break
    missing = parent
  }
  await mkdir(missing)
}

export const makeDirectory = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") await explain(path)
    throw cause
  }
}
