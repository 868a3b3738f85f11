/**
 * A stretch of a text on its way to the model, and whether it stands at the text's very beginning: the one thing about
 * its place that changes ids (Metaspace with `prepend_scheme: first`).
 */
export interface Piece {
  readonly text: string
  /** Whether the stretch was cut out from the beginning of the original text. */
  readonly atStart: boolean
  /** UTF-16 units at its beginning that stand for the first original character: a cut among them still is at the start. */
  readonly startUnits: number
}

export const wholePiece = (text: string): Piece => ({
  text,
  atStart: true,
  startUnits: (text.codePointAt(0) ?? 0) > 0xffff ? 2 : 1
})

export const slicePiece = (piece: Piece, start: number, end: number): Piece => {
  const text = piece.text.slice(start, end)
  if (!piece.atStart || start >= piece.startUnits) return { text, atStart: false, startUnits: 0 }
  return { text, atStart: true, startUnits: Math.min(end, piece.startUnits) - start }
}

/** The piece with its characters replaced, each by itself or with what follows it. */
export const mapPiece = (piece: Piece, map: (text: string) => string): Piece => ({
  text: map(piece.text),
  atStart: piece.atStart,
  startUnits: piece.startUnits === 0 ? 0 : map(piece.text.slice(0, piece.startUnits)).length
})

/** With a string before its first character. */
export const prependToPiece = (piece: Piece, prefix: string): Piece => ({
  text: prefix + piece.text,
  atStart: piece.atStart,
  startUnits: piece.startUnits === 0 ? 0 : piece.startUnits + prefix.length
})
