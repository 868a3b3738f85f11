/** How many features the probes of a file read. */
import type { ProbingFile } from "./probing.ts"

/** Ascending, of all its tasks. */
export const probedKs = ({ tasks }: ProbingFile): ReadonlyArray<number> =>
  [...new Set(tasks.flatMap(({ probes }) => probes.map(({ k }) => k)))].toSorted((a, b) => a - b)
