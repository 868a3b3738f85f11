// @ts-check
/**
 * A worker from the bundle of its head, `node start-worker.mjs FOLDER`: the code that was planned, whatever has become
 * of the sources since.
 */
import { pathToFileURL } from "node:url"
import { openBundle } from "./open-bundle.mjs"
import { modulePath } from "./places.mjs"

const worker = modulePath("execute", "worker", "worker")

const [folder = ""] = process.argv.splice(2, 1)
const bundledModules = () => {
  try {
    return openBundle(folder, "worker")
  } catch {
    // The folder of an old bundle may have been cleaned away.
    return {}
  }
}
await (bundledModules()[worker]?.() ?? import(pathToFileURL(worker).href))
