/**
 * PyTorch's files from before 1.6 (and of `_use_new_zipfile_serialization=False`): one pickle after the other - a magic number, a
 * version, facts of the machine, the value, the keys of its storages - and then each storage: how many numbers, and these.
 *
 * Source: PyTorch `torch/serialization.py`, `_legacy_save`.
 */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { itemBytes, maxPickleBytes, type StoredBytes, type TorchContents } from "./torch-contents.ts"
import { decodeTorchPickle } from "./torch-pickle.ts"
import type { Pickled, PickledStorage } from "./pickled-values.ts"

/** The pickle of 0x1950a86a20f9469cfc6c: protocol 2, a whole number of ten bytes, the end. */
const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e]

const readAt = (file: VerifiedFile, offset: number, length: number) =>
  Effect.tryPromise({ try: () => file.read(offset, length), catch: (error) => error as ArtifactError })

export const isTorchLegacy = (file: VerifiedFile): Effect.Effect<boolean, ArtifactError> =>
  file.size < magic.length
    ? Effect.succeed(false)
    : Effect.map(readAt(file, 0, magic.length), (bytes) => magic.every((byte, i) => bytes[i] === byte))

/** Every storage that tensors of the value stand in, by key. */
const storagesOf = (value: Pickled, found = new Map<string, PickledStorage>()): Map<string, PickledStorage> => {
  if (typeof value !== "object" || value === null) return found
  if ("type" in value) found.set(value.storage.key, value.storage)
  else for (const part of value.values()) storagesOf(part, found)
  return found
}

const isKeys = (value: Pickled | undefined): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every((key) => typeof key === "string")

export const openTorchLegacy = Effect.fn("openTorchLegacy")(function* (
  file: VerifiedFile,
  path: string,
  digest: string
) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  const head = yield* readAt(file, 0, Math.min(file.size, maxPickleBytes))
  const values: Array<Pickled> = []
  let at = magic.length
  while (values.length < 4) {
    const decoded = decodeTorchPickle(head.subarray(at))
    if ("refused" in decoded) return yield* fail(`its pickle is refused, nothing was executed: ${decoded.refused}`)
    values.push(decoded.value)
    at += decoded.end
  }
  const [version, machine, value, keys] = values
  if (version !== 1001) return yield* fail(`it is of version ${String(version)}; 1001 can be read`)
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    return yield* fail("it was written on a machine of another byte order")
  }
  if (value === undefined || !isKeys(keys)) return yield* fail("it has no list of its storages")
  const storages = storagesOf(value)
  const stored = new Map<string, StoredBytes>()
  for (const key of keys) {
    const storage = storages.get(key)
    if (storage === undefined) return yield* fail(`no tensor stands in its storage ${key}`)
    if (at + 8 > file.size) return yield* fail("it ends before its storages do")
    const start = yield* readAt(file, at, 8)
    const count = Number(new DataView(start.buffer, start.byteOffset, 8).getBigInt64(0, true))
    const size = storage.size * itemBytes[storage.dtype]
    if (count !== storage.size || at + 8 + size > file.size) {
      return yield* fail(`storage ${key} has ${count} numbers, and should have ${storage.size} within the file`)
    }
    const from = at + 8
    const read = async () => (await file.read(from, size)).slice()
    stored.set(key, { size, read })
    at = from + size
  }
  const contents: TorchContents = { value, storage: ({ key }) => stored.get(key) }
  return contents
})
