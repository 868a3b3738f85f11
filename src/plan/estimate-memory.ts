/** The memory that a stage is counted with where nobody says how much it takes: by a batch system, and beside others on this machine. */
import { mostSimilar, type Parametrized } from "./most-similar.ts"

/** A result of earlier, and the bytes that its process held at most; undefined where nobody has looked. */
export interface MemoryUse extends Parametrized {
  readonly peakMemory: number | undefined
}

export interface MemoryEstimate {
  readonly bytes: number
  /** Where the number comes from, for people. */
  readonly because: string
}

/** Most stages of the quickstart take less than 1 GiB. */
const UNKNOWN_BYTES = 4 * 1024 ** 3
/** Inputs differ, and so does what a process happens to hold. */
const HEADROOM = 1.5
const OTHER_PARAMETERS = 2

const estimateOne = (instance: Parametrized, measured: ReadonlyArray<MemoryUse>): MemoryEstimate => {
  const { distance, results } = mostSimilar(instance, measured)
  const peak = Math.max(...results.map(({ peakMemory = 0 }) => peakMemory))
  if (results.length === 0) return { bytes: UNKNOWN_BYTES, because: "nothing tells what it takes" }
  return distance === 0
    ? { bytes: HEADROOM * peak, because: "half as much again as it took before" }
    : {
        bytes: Math.max(UNKNOWN_BYTES, OTHER_PARAMETERS * peak),
        because: "twice what it took with other parameters, or what is asked for where nothing tells"
      }
}

/**
 * One for all instances of a stage, the largest: those that are alike are one job array.
 *
 * @param instances of a stage that may run
 */
export const estimateMemory = (
  instances: ReadonlyArray<Parametrized>,
  known: ReadonlyArray<MemoryUse>
): MemoryEstimate | undefined => {
  // What a command's programs held, nobody has seen.
  const measured = known.filter(({ kind, peakMemory }) => kind !== "command" && peakMemory !== undefined)
  return instances.map((instance) => estimateOne(instance, measured)).toSorted((a, b) => b.bytes - a.bytes)[0]
}
