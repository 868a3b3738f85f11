/** Pins: results that nobody's clean-up takes. Each is a file by its key; the folder is all there is. */
import { readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { writeAtomic } from "../../file/atomic-write.ts"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"
import { pinsDirectory } from "./layout.ts"

const Pin = Schema.Struct({
  key: Schema.String,
  digest: Schema.String,
  /** Of the instance and its experiment, as they were called when it was pinned. */
  stage: Schema.String,
  experiment: Schema.String
})
export type Pin = typeof Pin.Type
const decode = decodeSealed(Pin)

const pinPath = (root: string, key: string): string => join(pinsDirectory(root), `${key}.json`)

export class PinUnreadable extends Error {}

/** @throws PinUnreadable a pin that cannot be read may hold anything: nobody may clean up beside it */
export const readPins = async (root: string): Promise<ReadonlyArray<Pin>> => {
  const names = await readdir(pinsDirectory(root)).catch((): ReadonlyArray<string> => [])
  return Promise.all(
    names
      .filter((name) => /^[0-9a-f]{64}\.json$/.test(name))
      .map(async (name) => {
        const path = join(pinsDirectory(root), name)
        const pin = Option.getOrUndefined(decode(await readFile(path, "utf8").catch(() => "")))
        if (pin === undefined) throw new PinUnreadable(`${path} is no pin: remove it, and pin its stage again`)
        return pin
      })
  )
}

export const writePin = (root: string, pin: Pin): Promise<void> =>
  writeAtomic(pinPath(root, pin.key), sealJson(JSON.stringify(pin)))

export const removePin = (root: string, key: string): Promise<void> => rm(pinPath(root, key), { force: true })
