/**
 * The text that explanations are made from and scored on: token ids in contexts of one length, and which positions
 * have an activation (rows). Everything here is addressed by position in the token stream.
 */

export interface TokenStream {
  /** All ids, context after context. */
  readonly ids: Int32Array<ArrayBuffer>
  readonly contextSize: number
  /** Ids at the start of every context that are no text: 1 where contexts begin with BOS, else 0. */
  readonly leading: number
}

/** First position of text in the context that holds `position`: no pattern and no prompt reaches further left. */
export const textStart = (stream: TokenStream, position: number): number =>
  position - (position % stream.contextSize) + stream.leading

/** Positions of a set of rows, ascending, and which of them hold each token. */
export interface PositionIndex {
  readonly positions: Int32Array<ArrayBuffer>
  readonly withToken: (token: number) => Int32Array<ArrayBuffer>
}

const none = new Int32Array(0)

/** @param positions Ascending. */
export const indexPositions = (stream: TokenStream, positions: Int32Array<ArrayBuffer>): PositionIndex => {
  const counts = new Map<number, number>()
  for (const position of positions) {
    const token = stream.ids[position] as number
    counts.set(token, (counts.get(token) ?? 0) + 1)
  }
  const lists = new Map<number, Int32Array<ArrayBuffer>>()
  const filled = new Map<number, number>()
  for (const position of positions) {
    const token = stream.ids[position] as number
    let list = lists.get(token)
    if (list === undefined) lists.set(token, (list = new Int32Array(counts.get(token) as number)))
    const at = filled.get(token) ?? 0
    list[at] = position
    filled.set(token, at + 1)
  }
  return { positions, withToken: (token) => lists.get(token) ?? none }
}
