/** Games of 60 moves, each drawn evenly from the legal ones: the synthetic games of Li et al. 2023 (arXiv 2210.13382). */
import type { Rng } from "../random/rng.ts"
import { firstBoard, legalMoves, movable, play, squareName } from "./othello-board.ts"

/** Id 0 begins a context, id 1 + n is the n-th square that can be moved to. */
export const beginning = "<start>"
export const othelloSymbols: ReadonlyArray<string> = [beginning, ...movable.map(squareName)]

const idOfSquare = new Map(movable.map((square, n) => [square, n + 1]))
export const moveId = (square: number): number => idOfSquare.get(square) ?? 0

/** The square of an id of `othelloSymbols`; undefined for the beginning. */
export const squareOfId = (id: number): number | undefined => (id > 0 ? movable[id - 1] : undefined)

export const gameMoves = 60

/** A whole game's squares. One in 20 or so ends before the board is full, and is drawn again. */
export const randomGame = (rng: Rng): Uint8Array => {
  for (;;) {
    const board = firstBoard()
    const moves = new Uint8Array(gameMoves)
    let played = 0
    for (let legal = legalMoves(board); legal.length > 0; legal = legalMoves(board)) {
      const square = legal[rng.int(legal.length)] as number
      play(board, square)
      moves[played++] = square
    }
    if (played === gameMoves) return moves
  }
}
