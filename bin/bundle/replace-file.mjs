// @ts-check
import { randomUUID } from "node:crypto"
import { renameSync, rmSync, writeFileSync } from "node:fs"

/**
 * Whole or not at all. Without fsync: what is kept beside the user's downloads is checked when it is read, and made again.
 * @param {string} path
 * @param {string | Uint8Array} content
 */
export const replaceFile = (path, content) => {
  const temporary = `${path}.${randomUUID()}`
  try {
    writeFileSync(temporary, content)
    renameSync(temporary, path)
  } finally {
    rmSync(temporary, { force: true })
  }
}
