/**
 * Packs documents into contexts of one length. A document starts at the beginning of a context and is cut into whole
 * ones; what is left at its end is joined with the ends of other documents, in order. So nothing is padded, short
 * documents are used, and only the last, incomplete context is dropped.
 */
export interface TokenDocument {
  readonly name: string
  readonly ids: Int32Array
}

export interface PackedContext {
  /** [context] */
  readonly ids: Int32Array
  /** [context]: number of the document, by the order of first use; -1 for BOS and separators. */
  readonly documents: Int32Array
}

/**
 * @param bos token at position 0 of every context and between the ends of documents; null: none
 * @param documents consumed as far as contexts are asked for
 */
export const packContexts = function* (
  documents: Iterable<TokenDocument>,
  context: number,
  bos: number | null
): Generator<PackedContext> {
  const head = bos === null ? 0 : 1
  if (context <= head) throw new RangeError(`a context of ${context} tokens has no room for text`)
  const start = (): { ids: Int32Array; documents: Int32Array; used: number } => {
    const ids = new Int32Array(context)
    const owners = new Int32Array(context).fill(-1)
    if (bos !== null) ids[0] = bos
    return { ids, documents: owners, used: head }
  }
  let ends = start()
  let number = -1
  for (const { ids } of documents) {
    number++
    const width = context - head
    let at = 0
    for (; at + width <= ids.length; at += width) {
      const whole = start()
      whole.ids.set(ids.subarray(at, at + width), head)
      whole.documents.fill(number, head)
      yield whole
    }
    while (at < ids.length) {
      if (ends.used > head && bos !== null && ends.used < context) ends.ids[ends.used++] = bos
      const take = Math.min(context - ends.used, ids.length - at)
      ends.ids.set(ids.subarray(at, at + take), ends.used)
      ends.documents.fill(number, ends.used, ends.used + take)
      ends.used += take
      at += take
      if (ends.used === context) {
        yield ends
        ends = start()
      }
    }
  }
}
