/** The board after each move of the games that rows are of, as whoever moves next sees it. */
import { centre, type IllegalMove, type OthelloBoard, replay, squares } from "../../othello/othello-board.ts"
import { squareOfId } from "../../othello/othello-games.ts"

/** States of a square by number. */
export const states = ["empty", "own", "enemy"] as const

/** The 60 squares that are not in the middle, which is never empty, times three states: what published counts are out of. */
export const countedSquares: ReadonlyArray<number> = Array.from({ length: squares }, (_, i) => i).filter(
  (square) => !centre.includes(square)
)

const labelsOf = ({ discs, player }: OthelloBoard): Uint8Array =>
  Uint8Array.from(discs, (disc) => (disc === 0 ? 0 : disc === player ? 1 : 2))

/** @returns of each move, [64] states of the squares after it; or the first move that the rules forbid */
export const gameBoards = (ids: ArrayLike<number>): ReadonlyArray<Uint8Array> | IllegalMove => {
  const moves = Array.from(ids, squareOfId)
  const unknown = moves.indexOf(undefined)
  if (unknown >= 0) return { move: unknown + 1, problem: `token ${ids[unknown]} is no square` }
  const boards: Array<Uint8Array> = []
  const wrong = replay(moves as ReadonlyArray<number>, (board) => boards.push(labelsOf(board)))
  return wrong ?? boards
}
