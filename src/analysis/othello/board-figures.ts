/** Boards of what latents tell: for each state of a square, how well the best latent tells it, drawn as the board is. */
import type { FiguresFile } from "../../kinds/figures.ts"
import { centre, squares } from "../../othello/othello-board.ts"
import { states } from "./board-labels.ts"

/** Rows and columns from the edge: 0 there, 3 in the middle. */
const fromEdge = (at: number): number => Math.min(at, 7 - at)

/** The twelve squares round the four that the game begins on. */
export const centreSquares: ReadonlyArray<number> = Array.from({ length: squares }, (_, square) => square).filter(
  (square) => Math.min(fromEdge(square % 8), fromEdge(Math.floor(square / 8))) === 2 && !centre.includes(square)
)

export const cornerSquares: ReadonlyArray<number> = [0, 7, 56, 63]

/** @param area [64 * 3] by square and state; NaN where it is not known */
export const boardFigures = (hook: string, area: Float64Array): FiguresFile => ({
  format: 1,
  title: `What latents of ${hook} tell of the board`,
  note: "Of each square and state the area under the ROC curve of the latent that tells it best, on held-out games: 1 is never wrong. The best of many is above one half by chance, the more so the rarer a state is: area_gain takes that off.",
  charts: [],
  tables: states.map((state, s) => ({
    title: `${state}, as whoever moves next sees it`,
    columns: ["", ..."abcdefgh"],
    shaded: { from: 0.5, to: 1 },
    rows: Array.from({ length: 8 }, (_, row) => [
      String(row + 1),
      ...Array.from({ length: 8 }, (__, column) => {
        const value = area[3 * (8 * row + column) + s]!
        return Number.isFinite(value) ? value : null
      })
    ])
  }))
})
