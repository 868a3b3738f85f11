/** Where tests put their stores: in memory where there is room, since a store waits for the disk at every write. */
import { existsSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"

export const inMemory = (): boolean => {
  if (!existsSync("/dev/shm")) return false
  const { bavail, bsize } = statfsSync("/dev/shm")
  return bavail * bsize > 512 * 1024 * 1024
}

export const temporaryRoot: string = process.env["SAE_PIPELINE_TEST_FOLDER"] ?? tmpdir()
