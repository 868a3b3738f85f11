/** Typed access to a GGUF file's metadata. */
import type { MetadataValue } from "./parse-header.ts"

export type Metadata = ReadonlyMap<string, MetadataValue>

/** What a file lacks or says that cannot be used; caught where the file is opened. */
export class MetadataProblem extends Error {}

export const numberAt = (metadata: Metadata, key: string): number => {
  const value = metadata.get(key)
  if (typeof value === "number" && Number.isFinite(value)) return value
  throw new MetadataProblem(value === undefined ? `it has no ${key}` : `${key} is no number`)
}

export const optionalNumber = (metadata: Metadata, key: string): number | undefined =>
  metadata.has(key) ? numberAt(metadata, key) : undefined

export const optionalText = (metadata: Metadata, key: string): string | undefined => {
  const value = metadata.get(key)
  if (value === undefined || typeof value === "string") return value
  throw new MetadataProblem(`${key} is no string`)
}

export const stringsAt = (metadata: Metadata, key: string): ReadonlyArray<string> => {
  const value = metadata.get(key)
  if (Array.isArray(value)) return value as ReadonlyArray<string>
  throw new MetadataProblem(value === undefined ? `it has no ${key}` : `${key} is no list of strings`)
}

/** @param length that the list must have */
export const numbersAt = (metadata: Metadata, key: string, length: number): ArrayLike<number> => {
  const value = metadata.get(key)
  if (!ArrayBuffer.isView(value)) {
    throw new MetadataProblem(value === undefined ? `it has no ${key}` : `${key} is no list of numbers`)
  }
  if (value.length === length) return value
  throw new MetadataProblem(`${key} has ${value.length} entries, not ${length}`)
}

export const flagAt = (metadata: Metadata, key: string, otherwise: boolean): boolean => {
  const value = metadata.get(key) ?? otherwise
  if (typeof value === "boolean") return value
  throw new MetadataProblem(`${key} is neither true nor false`)
}
