/** Files named `1.json`, `2.json`, ...: attempts of a key, epochs of a lease. A folder that is not there has none. */
import { readdirSync } from "node:fs"
import { readdir } from "node:fs/promises"

const ascending = (names: ReadonlyArray<string>): ReadonlyArray<number> =>
  names
    .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
    .filter((match) => match !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)

/** The numbers, ascending. */
export const numbersIn = async (directory: string): Promise<ReadonlyArray<number>> =>
  ascending(await readdir(directory).catch((): ReadonlyArray<string> => []))

/** The same, waited for. */
export const numbersNow = (directory: string): ReadonlyArray<number> => {
  try {
    return ascending(readdirSync(directory))
  } catch {
    return []
  }
}
