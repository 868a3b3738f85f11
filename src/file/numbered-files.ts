/** Files named `1.json`, `2.json`, ...: attempts of a key, epochs of a lease. A folder that is not there has none. */
import { readdir } from "node:fs/promises"

/** The numbers, ascending. */
export const numbersIn = async (directory: string): Promise<ReadonlyArray<number>> => {
  const names = await readdir(directory).catch((): ReadonlyArray<string> => [])
  return names
    .map((name) => /^(\d+)\.json$/.exec(name)?.[1])
    .filter((match) => match !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
}
