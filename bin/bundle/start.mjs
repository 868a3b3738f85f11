// @ts-check
/**
 * What `pipeline` starts: the command line, from the bundle where there is one. The sources themselves run while they are being
 * edited, where no bundle can be made or kept, and where `PIPELINE_BUNDLE=never` asks for it.
 */
import { enableCompileCache } from "node:module"
import { pathToFileURL } from "node:url"
import { setFlagsFromString } from "node:v8"
import { findBundle, forgetBundle } from "./find-bundle.mjs"
import { openBundle } from "./open-bundle.mjs"
import { modulePath } from "./places.mjs"

const main = modulePath("cli", "main")

/**
 * A folder that takes no files is the machine's way, and costs time alone; anything else is a fault that nobody would find.
 * @param {NodeJS.ErrnoException} error
 */
const tellWhyNot = (error) => {
  if (/^(?:EACCES|EDQUOT|ENOSPC|EPERM|EROFS)$/.test(error.code ?? "")) return
  process.stderr.write(
    `the program could not be put together, and starts from its sources, more slowly: ${error.message}\n`
  )
}

/** @param {string} use */
const bundledModules = async (use) => {
  if (process.env["PIPELINE_BUNDLE"] === "never") return {}
  const folder = await findBundle().catch(tellWhyNot)
  if (folder === undefined) return {}
  try {
    return openBundle(folder, use)
  } catch {
    forgetBundle()
    return {}
  }
}

// What is not in the bundle, and the sources: stripped and compiled modules are kept between runs.
enableCompileCache()
const [command = ""] = process.argv.slice(2)
// What only plans and waits is over before optimised code pays for its making: it takes a third of the CPU time of a run of hits.
if (/^(?:run|plan|status|why)$/.test(command)) setFlagsFromString("--no-opt")
/** @type {Readonly<Record<string, () => Promise<unknown>>>} */
const modules = await bundledModules(/^[a-z]+$/.test(command) ? command : "usage")
await (modules[main]?.() ?? import(pathToFileURL(main).href))
