// @ts-check
/**
 * What V8 made of a bundle's text, kept beside it: functions that ran in some command need no compiling in the next. Node's
 * own cache of compiled modules holds less of it and takes longer.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { replaceFile } from "./replace-file.mjs"

/**
 * @typedef {object} CompiledCode
 * @property {ReadonlyArray<string>} uses of the program whose functions are in it
 * @property {Buffer | undefined} bytes
 */

/**
 * One a Node: V8 takes nothing of another version.
 * @param {string} folder
 */
const pathIn = (folder) => join(folder, `${process.version}-${process.arch}.code`)

/** @param {Uint8Array} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex")

/** @type {CompiledCode} */
const none = { uses: [], bytes: undefined }

/**
 * A header in one line, then the bytes. Their sha256 is in it, because V8 does not look for flipped bits.
 * @param {string} folder
 * @returns {CompiledCode}
 */
export const readCompiledCode = (folder) => {
  try {
    const file = readFileSync(pathIn(folder))
    const end = file.indexOf(10)
    const header = JSON.parse(file.toString("utf8", 0, end))
    const bytes = file.subarray(end + 1)
    return sha256(bytes) === header.sha256 ? { uses: header.uses, bytes } : none
  } catch {
    return none
  }
}

/**
 * To be called when `use` has done its work: what it needed has been compiled by then. It saves time only, so it never fails.
 * @param {string} folder
 * @param {import("node:vm").Script} script
 * @param {ReadonlyArray<string>} uses
 */
export const keepCompiledCode = (folder, script, uses) => {
  try {
    const bytes = script.createCachedData()
    const header = { sha256: sha256(bytes), uses: [...new Set(uses)] }
    replaceFile(pathIn(folder), Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes]))
  } catch {
    // A full or read-only disk.
  }
}
