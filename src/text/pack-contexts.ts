/**
 * Packs documents into contexts of one length.
 *
 * `join_ends`: a document starts at the beginning of a context and is cut into whole ones; what is left at its end is
 * joined with the ends of other documents, in order. So nothing is padded, short documents are used, and only the last,
 * incomplete context is dropped. `one_per_document`: a context is the beginning of a document, so that positions are
 * positions in documents; the rest of it, and documents that are too short, are left out.
 */
import type { PackingInfo } from "../kinds/tokens/tokens-handle.ts"
import type { TokenDocument } from "./documents/token-document.ts"

export type Packing = PackingInfo["documents"]

export interface PackOptions {
  /** Ids in a context. */
  readonly contextSize: number
  /** Token at position 0 of every context; null: none. */
  readonly bos: number | null
  /** Token between the ends of two documents in a context; null: none. */
  readonly separator: number | null
  readonly packing: Packing
}

export interface PackedContext {
  /** [context] */
  readonly ids: Int32Array
  /** [context]: number of the document; -1 for BOS and separators. */
  readonly documents: Int32Array
}

export interface DocumentPlace {
  readonly file: number
  readonly row: number
}

/** Documents are numbered in the order in which they first stand in a context; each is announced before that context. */
export interface PackedPiece {
  readonly named: ReadonlyArray<DocumentPlace>
  readonly context: PackedContext
}

interface Filling {
  readonly ids: Int32Array
  readonly documents: Int32Array
  used: number
}

/** @param documents consumed as far as contexts are asked for */
export const packContexts = async function* (
  documents: AsyncIterable<TokenDocument> | Iterable<TokenDocument>,
  { contextSize, bos, separator, packing }: PackOptions
): AsyncGenerator<PackedPiece, void, undefined> {
  const head = bos === null ? 0 : 1
  if (contextSize <= head) throw new RangeError(`a context of ${contextSize} tokens has no room for text`)
  const start = (): Filling => {
    const filling = { ids: new Int32Array(contextSize), documents: new Int32Array(contextSize).fill(-1), used: head }
    if (bos !== null) filling.ids[0] = bos
    return filling
  }
  let named: Array<DocumentPlace> = []
  let count = 0
  const finished = (context: PackedContext): PackedPiece => {
    const piece = { named, context }
    named = []
    return piece
  }
  let ends = start()
  /** Ends of a document to the joined ends; gives the contexts that it fills. */
  const join = function* (ids: Int32Array, number: number): Generator<PackedContext> {
    for (let at = 0; at < ids.length;) {
      if (ends.used > head && separator !== null && ends.documents[ends.used - 1] !== number) {
        ends.ids[ends.used++] = separator
        if (ends.used === contextSize) {
          yield ends
          ends = start()
        }
      }
      const take = Math.min(contextSize - ends.used, ids.length - at)
      ends.ids.set(ids.subarray(at, at + take), ends.used)
      ends.documents.fill(number, ends.used, ends.used + take)
      ends.used += take
      at += take
      if (ends.used === contextSize) {
        yield ends
        ends = start()
      }
    }
  }
  for await (const { file, row, parts } of documents) {
    let number = -1
    const numbered = (): number => {
      if (number < 0) {
        number = count++
        named.push({ file, row })
      }
      return number
    }
    let whole = start()
    for await (const ids of parts) {
      for (let at = 0; at < ids.length;) {
        const take = Math.min(contextSize - whole.used, ids.length - at)
        whole.ids.set(ids.subarray(at, at + take), whole.used)
        whole.used += take
        at += take
        if (whole.used < contextSize) break
        whole.documents.fill(numbered(), head)
        yield finished(whole)
        whole = start()
        if (packing === "one_per_document") break
      }
      if (packing === "one_per_document" && number >= 0) break
    }
    if (packing === "one_per_document" || whole.used === head) continue
    for (const context of join(whole.ids.subarray(head, whole.used), numbered())) yield finished(context)
  }
}
