/** Files named `1.json`, `2.json`, ...: attempts of a key, epochs of a lease. A folder that is not there has none. */
import { readdirSync } from "node:fs"

const namesIn = (directory: string): ReadonlyArray<string> => {
  try {
    // Waited for: it takes the system a tenth of the time that handing it to another thread takes.
    return readdirSync(directory)
  } catch {
    return []
  }
}

/** The numbers, ascending. */
export const numbersIn = (directory: string): ReadonlyArray<number> =>
  namesIn(directory)
    .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
    .filter((match) => match !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
