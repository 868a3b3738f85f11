/** What a `pypi:` source names: `pypi:PACKAGE`, `pypi:PACKAGE==VERSION`, each with an optional path of a file in it. */
export interface PackageName {
  /** As pip writes it: lower case, dashes. */
  readonly name: string
  /** undefined: the newest. */
  readonly version: string | undefined
  /** A file or folder of the package; "" where it has one model only. */
  readonly path: string
}

/** PEP 503: runs of `-`, `_` and `.` are the same. */
export const normalName = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, "-")

/** Names and versions by PEP 508 and PEP 440: nothing that pip could take for an option. */
const form = /^pypi:([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?:==([A-Za-z0-9][A-Za-z0-9.+!_-]*))?(?:\/(.+))?$/

export const parsePackageName = (uri: string): PackageName | undefined => {
  const found = form.exec(uri)
  if (found === null) return undefined
  const [, name, version, path = ""] = found
  return { name: normalName(name as string), version, path }
}
