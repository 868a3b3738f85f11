import * as fc from "fast-check"
import { expect, it } from "vitest"
import {
  firstBoard,
  isLegal,
  legalMoves,
  movable,
  type OthelloBoard,
  play,
  replay,
  squareName
} from "../../src/othello/othello-board.ts"
import { moveId, othelloSymbols, randomGame, squareOfId } from "../../src/othello/othello-games.ts"
import * as Rng from "../../src/random/rng.ts"

const perft = (board: OthelloBoard, depth: number): number =>
  depth === 0
    ? 1
    : legalMoves(board).reduce((sum, square) => {
        const next: OthelloBoard = { discs: board.discs.slice(), player: board.player }
        play(next, square)
        return sum + perft(next, depth - 1)
      }, 0)

it("there are as many games of 1 to 7 moves as others have counted", () => {
  // perft of Othello's first position: aartbik.com/MISC/reversi.html
  expect([1, 2, 3, 4, 5, 6, 7].map((depth) => perft(firstBoard(), depth))).toEqual([4, 12, 56, 244, 1396, 8200, 55_092])
})

it("a player without a legal move passes, and where nobody has one the game is over", () => {
  // The shortest game there is: nine moves, and white has no disc left.
  const names = "e6 f4 e3 f6 g5 d6 e7 f5 c5".split(" ")
  const moves = names.map((name) => movable.find((square) => squareName(square) === name) as number)
  let last = firstBoard()
  expect(replay(moves, (board) => (last = { discs: board.discs.slice(), player: board.player }))).toBeUndefined()
  expect(legalMoves(last)).toEqual([])
  expect(last.discs.includes(-1)).toBe(false)
  // One more has a name, and says why not.
  expect(replay([...moves, 0], () => {})).toEqual({ move: 10, problem: "a1 is no legal move: the game is over" })
  expect(replay([0], () => {})?.problem).toBe("a1 is no legal move: black may play d3, c4, f5, e6")
})

it("random games are legal, fill the board, and turn at least one disc a move", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const moves = randomGame(Rng.make(seed, "game"))
      expect(new Set(moves).size).toBe(60)
      let mine = 2
      const wrong = replay(moves, ({ discs }, at) => {
        expect(discs.filter((disc) => disc !== 0)).toHaveLength(5 + at)
        const player = discs[moves[at] as number]
        mine = discs.filter((disc) => disc === player).length
        expect(mine).toBeGreaterThanOrEqual(2)
      })
      expect(wrong).toBeUndefined()
    }),
    { numRuns: 20 }
  )
})

it("a move has an id and back, and the four squares of the middle have none", () => {
  expect(othelloSymbols).toHaveLength(61)
  for (const square of movable) expect(squareOfId(moveId(square))).toBe(square)
  expect(isLegal(firstBoard(), 27)).toBe(false)
  expect(othelloSymbols).not.toContain("d4")
})
