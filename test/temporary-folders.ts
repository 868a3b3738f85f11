/**
 * The folders that a run of the tests writes to, one on disk and one in memory, taken away when it ends: what a test leaves
 * behind would else stay in memory until the machine is started again.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inMemory } from "./store/temporary-root.ts"

/** Each project of the tests calls this; the first makes the folders and the last thing it does is to remove them. */
export default (): (() => void) | undefined => {
  if (process.env["SAE_PIPELINE_TEST_FOLDER"] !== undefined) return undefined
  const onDisk = mkdtempSync(join(tmpdir(), "tests-"))
  const fast = inMemory() ? mkdtempSync(join("/dev/shm", "tests-")) : onDisk
  process.env["TMPDIR"] = onDisk
  process.env["SAE_PIPELINE_TEST_FOLDER"] = fast
  return () => {
    // A process that ends late may still write there.
    for (const folder of [fast, onDisk]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
