/**
 * Areas under the ROC curves of chosen latents when games are drawn again: the rows of a game, and the states of one square, go
 * together, so the noise is over games. The latents stay those that were chosen on all of them.
 */
import { squares } from "../../othello/othello-board.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { states } from "./board-labels.ts"

const targets = squares * states.length

/** Rows on which a latent fires, by falling activation; a tie ends where `tie` says. */
interface Fired {
  readonly row: Int32Array
  /** 1 at the last row of each activation. */
  readonly tie: Uint8Array
}

const firedRows = (
  { offsets, latents, values, rows }: LatentCodes,
  wanted: ReadonlySet<number>
): ReadonlyMap<number, Fired> => {
  const found = new Map([...wanted].map((latent) => [latent, new Array<readonly [row: number, value: number]>()]))
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) found.get(latents[i]!)?.push([row, values[i]!])
  }
  return new Map(
    [...found].map(([latent, fired]) => {
      fired.sort(([, a], [, b]) => b - a)
      const tie = Uint8Array.from(fired, ([, value], i) => (fired[i + 1]?.[1] === value ? 0 : 1))
      return [latent, { row: Int32Array.from(fired, ([row]) => row), tie }]
    })
  )
}

/**
 * @param game of each row: 0 to `games` - 1
 * @param latent [64 * 3] the latent of each square and state; -1: none
 * @returns from how often each game was drawn, [64 * 3] areas; NaN without a latent, and where only rows of one class were drawn
 */
export const drawnAreas = (
  codes: LatentCodes,
  boards: ReadonlyArray<Uint8Array>,
  game: Int32Array,
  games: number,
  latent: Int32Array
): ((times: ArrayLike<number>) => Float64Array) => {
  const fired = firedRows(codes, new Set(latent.filter((id) => id >= 0)))
  const rowsOf = new Float64Array(games)
  const positives = new Float64Array(games * targets)
  for (const [row, board] of boards.entries()) {
    const at = game[row]!
    rowsOf[at]! += 1
    for (let s = 0; s < squares; s++) positives[at * targets + 3 * s + board[s]!]! += 1
  }
  // By square and state: whose each firing row is, and whether it is in that state. The loops below run a thousand times.
  const rankings = Array.from(latent, (id, t) => {
    const of = fired.get(id)
    if (of === undefined) return undefined
    const [square, state] = [Math.floor(t / 3), t % 3]
    return {
      game: of.row.map((row) => game[row]!),
      is: Uint8Array.from(of.row, (row) => (boards[row]![square] === state ? 1 : 0)),
      tie: of.tie
    }
  })
  return (times) => {
    const drawn = Int32Array.from(times)
    const area = new Float64Array(targets).fill(Number.NaN)
    const positive = new Float64Array(targets)
    let all = 0
    for (let g = 0; g < games; g++) {
      if (drawn[g] === 0) continue
      all += drawn[g]! * rowsOf[g]!
      for (let t = 0; t < targets; t++) positive[t]! += drawn[g]! * positives[g * targets + t]!
    }
    for (let t = 0; t < targets; t++) {
      const ranking = rankings[t]
      if (ranking === undefined) continue
      const { game: of, is, tie } = ranking
      let [right, seen, passed, tied, tiedPositive] = [0, 0, 0, 0, 0]
      for (let i = 0; i < of.length; i++) {
        const weight = drawn[of[i]!]!
        tied += weight
        tiedPositive += weight * is[i]!
        if (tie[i] === 0) continue
        right += (tied - tiedPositive) * (seen + tiedPositive / 2)
        seen += tiedPositive
        passed += tied
        tied = 0
        tiedPositive = 0
      }
      const silent = positive[t]! - seen
      const negatives = all - positive[t]!
      right += (all - passed - silent) * (seen + silent / 2)
      area[t] = right / (positive[t]! * negatives)
    }
    return area
  }
}
