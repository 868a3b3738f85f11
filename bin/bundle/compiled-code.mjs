// @ts-check
/**
 * What V8 made of a bundle's text, kept beside it: functions that ran in a command need no compiling when it is given again. Node's
 * own cache of compiled modules holds less of it and takes longer.
 */
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { replaceFile } from "./replace-file.mjs"

/** @typedef {import("./places.mjs").Part} Part */

/**
 * One a Node, a part and a use of the program: V8 takes nothing of another version, nor of other flags.
 * @param {string} folder
 * @param {Part} part
 * @param {string} use
 */
const pathIn = (folder, part, use) => join(folder, `${process.version}-${process.arch}-${part}-${use}.code`)

/** @param {Uint8Array} bytes */
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex")

/**
 * A header in one line, then the bytes. Their sha256 is in it, because V8 does not look for flipped bits.
 * @param {string} folder
 * @param {Part} part
 * @param {string} use
 * @returns {{ bytes: Buffer, did: ReadonlyArray<string> } | undefined} `did`: what processes did that it holds the code of
 */
export const readCompiledCode = (folder, part, use) => {
  try {
    const file = readFileSync(pathIn(folder, part, use))
    const end = file.indexOf(10)
    const header = JSON.parse(file.toString("utf8", 0, end))
    const bytes = file.subarray(end + 1)
    return sha256(bytes) === header.sha256 ? { bytes, did: header.did } : undefined
  } catch {
    return undefined
  }
}

/**
 * To be called when `use` has done its work: what it needed has been compiled by then. It saves time only, so it never fails.
 * @param {string} folder
 * @param {Part} part
 * @param {import("node:vm").Script} script
 * @param {string} use
 * @param {ReadonlyArray<string>} did
 */
export const keepCompiledCode = (folder, part, script, use, did) => {
  try {
    const bytes = script.createCachedData()
    const header = { sha256: sha256(bytes), did }
    replaceFile(pathIn(folder, part, use), Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes]))
  } catch {
    // A full or read-only disk.
  }
}
