/**
 * A small index on disk of values computed from files, each valid as long as those files are unchanged. It only saves
 * time: a missing or damaged index is an empty one, and two writers cannot harm each other (the later one wins).
 */
import { readFile } from "node:fs/promises"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { writeAtomicSoon } from "./atomic-write.ts"
import { decodeSealed, sealJson } from "./sealed-json.ts"
import { Fingerprint, isUnchanged, takeFingerprint } from "./fingerprint.ts"

const Entry = Schema.Struct({ files: Schema.Record(Schema.String, Fingerprint), value: Schema.Unknown })
type Entry = typeof Entry.Type
const decodeEntries = decodeSealed(Schema.Record(Schema.String, Entry))

export interface FileIndex {
  /**
   * The indexed value of `name`, or `compute()`d anew; `compute` says which files its value depends on.
   * Values are JSON; one that `schema` does not take is computed anew.
   */
  readonly get: <A>(
    name: string,
    schema: Schema.Codec<A>,
    compute: () => Promise<{ readonly value: A; readonly files: ReadonlyArray<string> }>
  ) => Promise<A>
  /** Writes what was added. Failing to is no failure: the index is a convenience. */
  readonly save: () => Promise<void>
}

/**
 * A file written shortly before it was read could be written again under the same times (file systems keep times at a
 * clock tick to 2 s), or while we read it: what depends on so young a file is computed each time until it has aged.
 */
const RACY_MS = 2_000

const readEntries = async (path: string): Promise<Record<string, Entry>> => {
  const text = await readFile(path, "utf8").catch(() => "")
  return { ...Option.getOrUndefined(decodeEntries(text)) }
}

/** @param version Entries written under another version are dropped. */
export const openFileIndex = async (path: string, version: string): Promise<FileIndex> => {
  const prefix = `${version}:`
  const entries = await readEntries(path)
  let changed = false
  const valid = async (entry: Entry): Promise<boolean> => {
    const checks = Object.entries(entry.files).map(([file, fingerprint]) => isUnchanged(file, fingerprint))
    return (await Promise.all(checks)).every(Boolean)
  }
  return {
    get: async (name, schema, compute) => {
      const entry = entries[prefix + name]
      const known = Schema.decodeUnknownOption(schema)(entry?.value)
      if (entry !== undefined && Option.isSome(known) && (await valid(entry))) return known.value
      const startMs = Date.now()
      const { value, files } = await compute()
      const fingerprints = await Promise.all(files.map(async (file) => [file, await takeFingerprint(file)] as const))
      if (fingerprints.every(([, { mtimeMs, ctimeMs }]) => Math.max(mtimeMs, ctimeMs) < startMs - RACY_MS)) {
        entries[prefix + name] = { files: Object.fromEntries(fingerprints), value }
        changed = true
      }
      return value
    },
    save: async () => {
      if (!changed) return
      const kept = Object.fromEntries(Object.entries(entries).filter(([name]) => name.startsWith(prefix)))
      await writeAtomicSoon(path, sealJson(JSON.stringify(kept))).catch(() => {})
    }
  }
}
