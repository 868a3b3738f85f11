/**
 * JSON with one spelling per value: keys sorted by code unit, no white space, numbers as ECMAScript prints them.
 * Keys and digests are hashes of this text, so its format may never change without a new key format version.
 */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** @throws TypeError on a value that JSON cannot hold (undefined, NaN, functions, ...): such a key would be a lie. */
export const canonicalJson = (value: unknown): string => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return JSON.stringify(value)
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`canonical JSON cannot hold ${value}`)
      return JSON.stringify(value)
    case "object": {
      if (value === null) return "null"
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
      const record = value as Readonly<Record<string, unknown>>
      const fields = Object.keys(record)
        .filter((key) => record[key] !== undefined)
        .toSorted()
        .map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`)
      return `{${fields.join(",")}}`
    }
    default:
      throw new TypeError(`canonical JSON cannot hold a ${typeof value}`)
  }
}
