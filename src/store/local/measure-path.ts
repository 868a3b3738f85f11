import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"

/** Bytes below a path, and when anything there changed last, Unix time in ms: 0 where nothing is there. */
export const measurePath = async (path: string): Promise<{ readonly bytes: number; readonly changed: number }> => {
  const info = await stat(path).catch(() => undefined)
  if (info === undefined) return { bytes: 0, changed: 0 }
  if (!info.isDirectory()) return { bytes: info.size, changed: Math.max(info.mtimeMs, info.ctimeMs) }
  const inner = await Promise.all((await readdir(path).catch(() => [])).map((name) => measurePath(join(path, name))))
  return inner.reduce(
    (sum, { bytes, changed }) => ({ bytes: sum.bytes + bytes, changed: Math.max(sum.changed, changed) }),
    { bytes: 0, changed: info.mtimeMs }
  )
}
