/**
 * The documents of a source in a seeded random order, whatever their number, in memory that does not grow with it: an
 * external bucketed shuffle.
 *
 * Document i of the N in the source has the place `indexPermutation(N, seed, "order of documents")(i)`, and documents
 * come by place. Files are read in order, as often as it takes: a pass takes the documents of the next places, tokenizes
 * them, and writes each to the bucket of its place, on disk; then the buckets are read in turn and sorted. How many places
 * a pass covers follows from how many tokens are still wanted; the order does not depend on it. In memory: a bucket.
 */
import { type FileHandle, open, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { indexPermutation } from "../../random/index-permutation.ts"
import type { TokenDocument } from "./token-document.ts"
import type { Documents, LocatedDocument } from "./open-documents.ts"

export interface ShuffleOptions {
  readonly seed: number
  /** Tokens that will be asked for: a guess, on which the speed depends and nothing else. */
  readonly tokens: number
  /** An existing folder for buckets; they are gone when the iteration ends. */
  readonly directory: string
  readonly tokenize: (document: LocatedDocument) => TokenDocument
  /** Ids of a bucket, about; @default 2^22 */
  readonly bucketTokens?: number
}

/** Place (low and high half), file, row, number of ids. */
const headNumbers = 5
const mostBuckets = 256
/** Ids gathered for a bucket before they are written. */
const gathered = 1 << 14
const firstPlaces = 64
/** What a document is taken to have before one has been read. */
const guessedTokens = 500

interface Bucket {
  readonly path: string
  readonly handle: FileHandle
  parts: Array<Int32Array>
  held: number
}

const makeBucket = async (directory: string, number: number): Promise<Bucket> => {
  const path = join(directory, `bucket-${number}`)
  return { path, handle: await open(path, "w"), parts: [], held: 0 }
}

const flush = async (bucket: Bucket): Promise<void> => {
  const buffers = bucket.parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
  bucket.parts = []
  bucket.held = 0
  const bytes = Buffer.concat(buffers)
  for (let done = 0; done < bytes.length;) done += (await bucket.handle.write(bytes, done)).bytesWritten
}

interface Placed {
  readonly place: number
  readonly document: TokenDocument
}

const sorted = async (path: string): Promise<ReadonlyArray<Placed>> => {
  const bytes = await readFile(path)
  const numbers = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
  const placed: Array<Placed> = []
  for (let at = 0; at < numbers.length;) {
    const [low = 0, high = 0, file = 0, row = 0, count = 0] = numbers.subarray(at, at + headNumbers)
    const ids = numbers.subarray(at + headNumbers, at + headNumbers + count)
    placed.push({ place: high * 2 ** 32 + (low >>> 0), document: { file, row, parts: [ids] } })
    at += headNumbers + count
  }
  return placed.toSorted((a, b) => a.place - b.place)
}

const inMemory = async (parts: TokenDocument["parts"]): Promise<Int32Array> => {
  const all: Array<Int32Array> = []
  for await (const part of parts) all.push(part)
  const ids = new Int32Array(all.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of all) {
    ids.set(part, at)
    at += part.length
  }
  return ids
}

export const shuffleDocuments = async function* (
  documents: Documents,
  { seed, tokens, directory, tokenize, bucketTokens = 1 << 22 }: ShuffleOptions
): AsyncGenerator<TokenDocument, void, undefined> {
  const total = await documents.count()
  const placeOf = indexPermutation(total, seed, "order of documents")
  let tokenized = 0
  let first = 0
  while (first < total) {
    const mean = Math.max(1, first === 0 ? guessedTokens : tokenized / first)
    const wanted = Math.ceil((1.1 * Math.max(0, tokens - tokenized)) / mean) + firstPlaces
    const end = Math.min(total, first + wanted)
    const from = first
    const count = Math.min(mostBuckets, Math.ceil(((end - from) * mean) / bucketTokens))
    const buckets: Array<Bucket> = []
    try {
      for (let b = 0; b < count; b++) buckets.push(await makeBucket(directory, b))
      const chosen = (index: number): boolean => {
        const place = placeOf(index)
        return place >= from && place < end
      }
      for await (const located of documents.read(chosen)) {
        const place = placeOf(located.index)
        const { file, row, parts } = tokenize(located)
        const ids = await inMemory(parts)
        tokenized += ids.length
        const bucket = buckets[Math.floor(((place - from) / (end - from)) * count)] as Bucket
        bucket.parts.push(Int32Array.of(place | 0, Math.floor(place / 2 ** 32), file, row, ids.length), ids)
        bucket.held += headNumbers + ids.length
        if (bucket.held >= gathered) await flush(bucket)
      }
      for (const bucket of buckets) {
        await flush(bucket)
        await bucket.handle.close()
      }
      for (const { path } of buckets) for (const { document } of await sorted(path)) yield document
    } finally {
      for (const { path, handle } of buckets) {
        await handle.close().catch(() => {})
        await rm(path, { force: true })
      }
    }
    first = end
  }
}
