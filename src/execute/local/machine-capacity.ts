/** How much of this machine the stages of a run may use together. */
import { statfsSync } from "node:fs"
import { availableParallelism, totalmem } from "node:os"
import { dirname } from "node:path"
import type { Capacity } from "./unmet.ts"

/** Of a container's limit, where it has one. */
const memory = (): number => {
  const limit = process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}

/** A folder that is not there yet is on the disk of its parent. */
const freeDisk = (directory: string): number => {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    const parent = dirname(directory)
    return parent === directory ? Number.POSITIVE_INFINITY : freeDisk(parent)
  }
}

export const machineCapacity = (directory: string): Capacity => ({
  cpu: availableParallelism(),
  memory: memory(),
  disk: freeDisk(directory)
})
