import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { boardFigures, centreSquares, cornerSquares } from "../../../src/analysis/othello/board-figures.ts"
import { bestAreas } from "../../../src/analysis/othello/board-latents.ts"
import { drawnAreas } from "../../../src/analysis/othello/drawn-areas.ts"
import { gameBoards } from "../../../src/analysis/othello/board-labels.ts"
import { boardAccuracy, fitBoardProbe } from "../../../src/analysis/othello/board-probe.ts"
import { solveSymmetric } from "../../../src/numeric/solve-symmetric.ts"
import { roc } from "../../../src/numeric/roc.ts"
import { squareName } from "../../../src/othello/othello-board.ts"
import { moveId, randomGame } from "../../../src/othello/othello-games.ts"
import * as Rng from "../../../src/random/rng.ts"
import capture from "../../../stages/capture-activations.ts"
import evaluateOthello from "../../../stages/evaluate-othello.ts"
import makeGames from "../../../stages/make-othello-games.ts"
import randomizeModel from "../../../stages/randomize-model.ts"
import trainLm from "../../../stages/train-lm-on-tokens.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { runStage } from "../../stage/run-stage.ts"

const rng = Rng.make(1, "boards")
const boards = Array.from({ length: 12 }, () => {
  const ids = Array.from(randomGame(rng), moveId)
  const found = gameBoards(ids)
  if ("problem" in found) throw new Error(found.problem)
  return found
}).flat()

it("after black's e6 it is white's turn: two discs are white's own, four black's", () => {
  const [board] = gameBoards([moveId(44)]) as ReadonlyArray<Uint8Array>
  expect(board?.filter((state) => state === 1)).toHaveLength(1)
  expect(board?.filter((state) => state === 2)).toHaveLength(4)
  expect(board?.[27]).toBe(1)
  expect(gameBoards([moveId(44), moveId(0)])).toMatchObject({ move: 2 })
  expect(gameBoards([0])).toEqual({ move: 1, problem: "token 0 is no square" })
})

it("areas of latents are those of the ROC, ties and silent rows among them", () => {
  const values = boards.map(() => (rng.float() < 0.4 ? Math.ceil(4 * rng.float()) : 0))
  const fired = values.flatMap((value, row) => (value > 0 ? [row] : []))
  const offsets = new Uint32Array(boards.length + 1)
  for (const [row, value] of values.entries()) offsets[row + 1] = offsets[row]! + (value > 0 ? 1 : 0)
  const codes = {
    rows: boards.length,
    d_sae: 1,
    offsets,
    latents: new Uint32Array(fired.length),
    values: Float32Array.from(fired, (row) => values[row] as number)
  }
  const { area, latent } = bestAreas(codes, boards)
  for (const square of [0, 9, 20, 44, 63]) {
    for (const state of [0, 1, 2]) {
      const positive = boards.map((board) => board[square] === state)
      if (Math.min(...[true, false].map((is) => positive.filter((each) => each === is).length)) < 10) continue
      expect(area[3 * square + state]).toBeCloseTo(roc(values, positive).auc, 9)
    }
  }
  // A square of the middle is never empty.
  expect(area[3 * 27]).toBeNaN()

  // Games drawn again: the ROC of their rows, each as often as its game was drawn.
  const [games, length] = [12, boards.length / 12]
  const game = Int32Array.from(boards, (_, row) => Math.floor(row / length))
  const drawn = drawnAreas(codes, boards, game, games, latent)
  const once = drawn(new Int32Array(games).fill(1))
  const times = Int32Array.from({ length: games }, () => rng.int(3))
  const again = drawn(times)
  const rows = boards.flatMap((_, row) => Array.from({ length: times[game[row]!]! }, () => row))
  for (const at of [1, 28, 60, 133, 191].filter((t) => latent[t]! >= 0)) {
    expect(once[at]).toBeCloseTo(area[at]!, 12)
    const positive = rows.map((row) => boards[row]![Math.floor(at / 3)] === at % 3)
    expect(again[at]).toBeCloseTo(
      roc(
        rows.map((row) => values[row]!),
        positive
      ).auc,
      9
    )
  }
  expect(once[3 * 27]).toBeNaN()
})

it("boards are drawn square by square: c1 is in the third column of the first row, and what is not known is empty", () => {
  const area = new Float64Array(3 * 64).fill(Number.NaN)
  area[3 * 2 + 1] = 0.875
  const { tables } = boardFigures("blocks.0.hook_resid_post", area)
  expect(tables[1]?.columns[3]).toBe("c")
  expect(tables[1]?.rows[0]).toEqual(["1", null, null, 0.875, null, null, null, null, null])
  expect(tables.flatMap(({ rows }) => rows.flat()).filter((cell) => typeof cell === "number")).toEqual([0.875])
  expect(centreSquares.map((square) => squareName(square)).join(" ")).toBe("c3 d3 e3 f3 c4 f4 c5 f5 c6 d6 e6 f6")
  expect(cornerSquares.map((square) => squareName(square))).toEqual(["a1", "h1", "a8", "h8"])
})

it("a symmetric system is solved: A X is B again", () => {
  const [n, m] = [5, 2]
  const half = Array.from({ length: n }, () => Array.from({ length: n }, () => rng.normal()))
  const a = Float64Array.from({ length: n * n }, (_, i) =>
    half.reduce(
      (sum, row) => sum + (row[Math.floor(i / n)] as number) * (row[i % n] as number),
      i % (n + 1) === 0 ? 1 : 0
    )
  )
  const b = Float64Array.from({ length: n * m }, () => rng.normal())
  const x = b.slice()
  solveSymmetric(a.slice(), x, n)
  for (let i = 0; i < n * m; i++) {
    let sum = 0
    for (let k = 0; k < n; k++) sum += a[Math.floor(i / m) * n + k]! * x[k * m + (i % m)]!
    expect(sum).toBeCloseTo(b[i] as number, 8)
  }
})

it("a probe reads boards that are there linearly, and no more of noise than the commonest state", () => {
  const d = 192
  const oneHot = Float32Array.from(
    boards.flatMap((board) => [...board].flatMap((s) => [0, 1, 2].map((t) => (s === t ? 1 : 0))))
  )
  const rows = { x: oneHot, d, boards }
  expect(Math.min(...boardAccuracy(fitBoardProbe(rows), rows))).toBe(1)
  const noise = { x: Float32Array.from({ length: boards.length * 4 }, () => rng.normal()), d: 4, boards }
  const accuracy = boardAccuracy(fitBoardProbe(noise), noise).reduce((sum, x) => sum + x, 0) / boards.length
  const commonest = Array.from({ length: 64 }, (_, s) =>
    Math.max(...[0, 1, 2].map((state) => boards.filter((board) => board[s] === state).length))
  )
  const chance = commonest.reduce((sum, count) => sum + count, 0) / (64 * boards.length)
  expect(Math.abs(accuracy - chance)).toBeLessThan(0.03)
})

it.effect("games, a model of them, its control and probes: the same bytes twice, and legal games all through", () =>
  Effect.scoped(
    Effect.gen(function* () {
      const folder = yield* Effect.all(Array.from({ length: 6 }, () => temporaryDirectory))
      const [a, b, c, d, e, f] = folder as [string, string, string, string, string, string]
      const games = yield* runStage(makeGames, {}, { games: 12 }, a)
      const tokens = { artifact: games.artifact, at: {} }
      const settings = { n_layer: 1, n_embd: 8, n_head: 2, steps: 3, batch: 2, warmup: 1, held_out_fraction: 0.2 }
      const once = yield* runStage(trainLm, { tokens }, settings, b)
      const twice = yield* runStage(trainLm, { tokens }, settings, c)
      expect(twice.artifact.digest).toBe(once.artifact.digest)
      // 60 squares, drawn almost evenly at first.
      expect(once.metrics["held_out_loss"]).toBeGreaterThan(3.5)
      expect(once.metrics["held_out_loss"]).toBeLessThan(4.5)
      expect(once.metrics["held_out_tokens"]).toBe(120)
      const model = { artifact: once.artifact, at: {} }
      const random = yield* runStage(randomizeModel, { model }, {}, d)
      const options = { hook: "blocks.0.hook_resid_post", held_out_fraction: 0.4, outlier_factor: 0 }
      const rows = yield* runStage(capture, { model: { artifact: random.artifact, at: {} }, tokens }, options, e)
      const board = yield* runStage(evaluateOthello, { activations: { artifact: rows.artifact, at: {} } }, {}, f)
      expect(board.metrics["probe_accuracy"]).toBeGreaterThan(0.4)
      expect(board.unmeasured["told"]).toBe("no SAE is given")
    })
  )
)
