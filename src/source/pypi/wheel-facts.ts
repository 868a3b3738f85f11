/** What a wheel says of itself in its `METADATA` (PEP 566 and later) and by the names of its files. */
import { normalName } from "./package-name.ts"

export interface WheelFacts {
  /** As stated, or null. */
  readonly licence: string | null
  /** Files of the wheel with terms in them. */
  readonly licenceFiles: ReadonlyArray<string>
  /** Requirements without conditions, `name==version` or `name`. */
  readonly requires: ReadonlyArray<string>
}

const licenceFile = /(^|\/)(licen[cs]e|copying|notice|[^/]*terms)[^/]*$/i

const fields = (metadata: string, name: string): ReadonlyArray<string> =>
  (metadata.split(/\r?\n\r?\n/)[0] ?? "")
    .split(/\r?\n/)
    .filter((line) => line.startsWith(`${name}: `))
    .map((line) => line.slice(name.length + 2).trim())

/** @param files names of the wheel's files */
export const wheelFacts = (metadata: string, files: ReadonlyArray<string>): WheelFacts => {
  const classified = fields(metadata, "Classifier")
    .filter((text) => text.startsWith("License :: "))
    .map((text) => text.split(" :: ").at(-1) as string)
  const [licence] = [...fields(metadata, "License-Expression"), ...fields(metadata, "License"), ...classified]
  return {
    licence: licence ?? null,
    licenceFiles: files.filter((file) => licenceFile.test(file)),
    requires: fields(metadata, "Requires-Dist")
      .filter((text) => !text.includes(";"))
      .flatMap((text) => {
        const found = /^([A-Za-z0-9][\w.-]*?)\s*(?:\(?\s*==\s*([\w.+!-]+)\s*\)?)?$/.exec(text)
        if (found === null) return []
        return [`${normalName(found[1] as string)}${found[2] === undefined ? "" : `==${found[2]}`}`]
      })
  }
}
