// @ts-check
/** Reads and evaluates a bundle's script; from then on this process has its modules from there. */
import { isAscii } from "node:buffer"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { basename } from "node:path"
import { fileURLToPath } from "node:url"
import { setFlagsFromString } from "node:v8"
import { constants, Script } from "node:vm"
import { keepCompiledCode, readCompiledCode } from "./compiled-code.mjs"
import { scriptPath } from "./places.mjs"

/** A worker is killed when it is done, and may be before: it keeps what V8 compiled after its first job, or once it has run for a while. */
const WORKER_KEEPS_AFTER_MS = 3_000

/**
 * Fails where the script is not what its folder's name says, and where it is gone.
 *
 * @param {string} folder
 * @param {string} use what this process is for: `run`, `worker`
 * @returns {Promise<Readonly<Record<string, () => Promise<unknown>>>>} modules by absolute path
 */
export const openBundle = async (folder, use) => {
  const bytes = readFileSync(scriptPath(folder))
  if (createHash("sha256").update(bytes).digest("hex") !== basename(folder)) throw new Error("the bundle is damaged")
  // V8 forgets what it compiled of functions that have not run for a while: of a long run nothing would be left to keep.
  setFlagsFromString("--no-flush-bytecode")
  const known = readCompiledCode(folder, use)
  // What is written as ASCII is read faster; in tagged templates and regular expressions esbuild leaves what is not.
  const script = new Script(bytes.toString(isAscii(bytes) ? "latin1" : "utf8"), {
    filename: scriptPath(folder),
    ...(known === undefined ? {} : { cachedData: known.bytes }),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  })
  /** @type {Readonly<Record<string, () => Promise<unknown>>>} */
  let modules = {}
  /**
   * @param {string} from address of the module that imports
   * @param {string} specifier
   */
  const importComputed = (from, specifier) => {
    const address = specifier.startsWith(".") ? new URL(specifier, from).href : specifier
    const own = address.startsWith("file:") ? modules[fileURLToPath(address)] : undefined
    return own === undefined ? import(address) : own()
  }
  // Beside the files that the modules come from, so that they get the packages that these would.
  const parts = await script.runInThisContext()(createRequire(import.meta.url), importComputed)
  modules = parts.modules
  let kept = known !== undefined && script.cachedDataRejected !== true
  const done = new Set(kept ? known?.did : [])
  const keepCompiled = () => {
    if (kept) return
    kept = true
    keepCompiledCode(folder, script, use, [...done])
  }
  /** @param {string} what */
  const did = (what) => {
    if (done.has(what)) return
    done.add(what)
    // What was kept so far was compiled for other work.
    kept = false
  }
  // Where `src/start/bundle.ts` looks for it.
  Object.assign(globalThis, { [Symbol.for("sae-pipeline.bundle")]: { folder, did, keepCompiled, ...parts } })
  if (use === "worker") setTimeout(keepCompiled, WORKER_KEEPS_AFTER_MS).unref()
  else process.once("exit", keepCompiled)
  return modules
}
