// @ts-check
/** Where things are, for what runs before there is a bundle. Plain JavaScript: Node takes 50 ms to strip types of one file. */
import { existsSync } from "node:fs"
import { homedir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const hasSources = existsSync(join(root, "src", "cli"))

/** The folder with `src/` and `stages/`: of the built package `dist/`. */
const codeDirectory = hasSources ? root : join(root, "dist")

/**
 * A module of this package.
 * @param {ReadonlyArray<string>} path below `src/`, without its ending
 */
export const modulePath = (...path) => join(codeDirectory, "src", ...path) + (hasSources ? ".ts" : ".js")

export { codeDirectory }

/** Where bundles are kept: `src/project/user-cache.ts` is the same for the rest of the program. */
export const bundlesFolder = () =>
  join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sae-pipeline", "bundles")

/** @typedef {"base" | "rest"} Part of a bundle, a script each */

/**
 * @param {string} folder
 * @param {Part} part
 */
export const scriptPath = (folder, part) => join(folder, `${part}.js`)
