/**
 * Linear probes of all squares at once: ridge regression of every square's three states, as ones and zeros, on the
 * activation; the state with the largest value is the answer. Nanda et al. 2023 (arXiv 2309.00941) fit the same maps by
 * logistic loss.
 */
import { solveSymmetric } from "../../numeric/solve-symmetric.ts"
import { squares } from "../../othello/othello-board.ts"
import { states } from "./board-labels.ts"

const targets = squares * states.length

export interface BoardRows {
  /** [rows, d] */
  readonly x: Float32Array
  readonly d: number
  /** Of each row [64] states. */
  readonly boards: ReadonlyArray<Uint8Array>
}

/** Small beside the number of rows. */
const ridge = 1e-3

/** Answers of a row: [64] states. */
export type BoardProbe = (row: Float32Array) => Uint8Array

export const fitBoardProbe = ({ x, d, boards }: BoardRows): BoardProbe => {
  const rows = boards.length
  const mean = new Float64Array(d)
  for (let i = 0; i < rows * d; i++) mean[i % d]! += x[i]! / rows
  // One more number, always 1, is the constant.
  const n = d + 1
  const gram = new Float64Array(n * n)
  const products = new Float64Array(n * targets)
  const row = new Float64Array(n).fill(1)
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) row[i] = x[r * d + i]! - mean[i]!
    const board = boards[r] as Uint8Array
    for (let i = 0; i < n; i++) {
      const value = row[i]!
      for (let j = 0; j <= i; j++) gram[i * n + j]! += value * row[j]!
      for (let square = 0; square < squares; square++) products[i * targets + 3 * square + board[square]!]! += value
    }
  }
  let trace = 0
  for (let i = 0; i < d; i++) trace += gram[i * n + i]!
  for (let i = 0; i < d; i++) gram[i * n + i]! += (ridge * trace) / d + Number.MIN_VALUE
  solveSymmetric(gram, products, n)
  return (at) => {
    const scores = products.slice(d * targets)
    for (let i = 0; i < d; i++) {
      const value = at[i]! - mean[i]!
      for (let t = 0; t < targets; t++) scores[t]! += value * products[i * targets + t]!
    }
    return Uint8Array.from({ length: squares }, (_, square) => {
      const [empty, own, enemy] = [scores[3 * square]!, scores[3 * square + 1]!, scores[3 * square + 2]!]
      return empty >= own && empty >= enemy ? 0 : own >= enemy ? 1 : 2
    })
  }
}

/** Share of squares of each row that an answer has right. */
export const boardAccuracy = (probe: BoardProbe, { x, d, boards }: BoardRows): Float64Array =>
  Float64Array.from(boards, (board, r) => {
    const answer = probe(x.subarray(r * d, (r + 1) * d))
    return answer.filter((state, square) => state === board[square]).length / squares
  })
