/**
 * What a reader does with the keys of a configuration: some it reads, some it knows to say nothing of the numbers, and
 * every other one it refuses by name. A key that is not known may change what the SAE computes.
 */

import { showGiven } from "../../../words/show-given.ts"

export interface ConfigKeys {
  /** Read, and part of the SAE. */
  readonly read: ReadonlyArray<string>
  /** How it was trained, on what, with what: any value. */
  readonly harmless: ReadonlyArray<string>
  /** Harmless at these values alone. */
  readonly only?: Readonly<Record<string, ReadonlyArray<unknown>>>
}

/** Names with white space between them. */
export const keyNames = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

type Json = Readonly<Record<string, unknown>>

const says = (value: unknown): boolean =>
  value !== null && value !== undefined && !(typeof value === "object" && Object.keys(value).length === 0)

/** The reason why the configuration is refused, if it is. @param section where the keys stand in the file, "" at its top */
export const keyProblem = (config: Json, keys: ConfigKeys, section = ""): string | undefined => {
  const at = (key: string) => JSON.stringify(section === "" ? key : `${section}.${key}`)
  for (const [key, value] of Object.entries(config)) {
    if (keys.read.includes(key) || keys.harmless.includes(key)) continue
    if (keys.only !== undefined && Object.hasOwn(keys.only, key)) {
      const allowed = (keys.only[key] as ReadonlyArray<unknown>).map((one) => JSON.stringify(one))
      if (allowed.includes(JSON.stringify(value))) continue
      return `${at(key)} is ${showGiven(value)}; what that does to the numbers is not known here, ${allowed.join(" and ")} can be read`
    }
    if (!says(value)) continue
    return `the key ${at(key)} (${showGiven(value)}) is not known here and may change what the SAE computes; take it out of a copy of the file if it does not`
  }
  return undefined
}

/** Keys that say something and that the SAE has no field for: what is lost in another format. */
export const keysBeside = (config: Json, keys: ConfigKeys, section = ""): ReadonlyArray<string> =>
  Object.entries(config)
    .filter(([key, value]) => keys.harmless.includes(key) && says(value))
    .map(([key]) => (section === "" ? key : `${section}.${key}`))
