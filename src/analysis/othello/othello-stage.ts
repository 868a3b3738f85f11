/** The stage evaluate-othello. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireReads, requireTextOrder, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { RowSet } from "../../kinds/activations/row-set.ts"
import { figuresFileName } from "../../kinds/figures.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import { mean } from "../../numeric/mean.ts"
import { squareName, squares } from "../../othello/othello-board.ts"
import { gameMoves, othelloSymbols } from "../../othello/othello-games.ts"
import * as Rng from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Opened } from "../../stage/input.ts"
import { measured, withIntervals } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents } from "../latent-codes.ts"
import { boardFigures, centreSquares, cornerSquares } from "./board-figures.ts"
import { bestAreas } from "./board-latents.ts"
import { countedSquares, gameBoards, states } from "./board-labels.ts"
import { drawnAreas } from "./drawn-areas.ts"
import { boardAccuracy, type BoardRows, fitBoardProbe } from "./board-probe.ts"

export interface OthelloParams {
  readonly first_move: number
  readonly last_move: number
  readonly area: number
  readonly training_rows: number
  readonly held_out_rows: number
}

interface OthelloInputs {
  readonly activations: Opened<ActivationsHandle>
  readonly sae: Opened<SaeHandle> | undefined
}

/** Boards of every game after each move, by document; the first illegal move ends it. */
const readBoards = Effect.fnUntraced(function* ({ contexts }: ActivationsHandle) {
  const { context_size: size, vocab_size } = contexts
  if (vocab_size !== othelloSymbols.length || size > gameMoves + 1 || contexts.bos_id !== 0) {
    return yield* stageFailed(
      `contexts of ${size} tokens of a vocabulary of ${vocab_size} are no games of Othello`,
      "Give activations on tokens of make-othello-games, or on games in its vocabulary."
    )
  }
  const games: Array<ReadonlyArray<Uint8Array>> = []
  const piece = 512
  for (let first = 0; first < contexts.contexts; first += piece) {
    const { ids, count } = yield* contexts.read(first, piece)
    for (let game = 0; game < count; game++) {
      const boards = gameBoards(ids.subarray(game * size + 1, (game + 1) * size))
      if ("problem" in boards) {
        return yield* stageFailed(
          `game ${first + game + 1}, move ${boards.move}: ${boards.problem}`,
          "Give legal games."
        )
      }
      games.push(boards)
    }
  }
  return games
})

interface Rows extends BoardRows {
  readonly game: Int32Array
  /** The boards of another game after the same move: what nothing about this one can tell. */
  readonly others: ReadonlyArray<Uint8Array>
}

const rowsOf = Effect.fnUntraced(function* (
  set: RowSet,
  { d_in: d, context_size: size }: ActivationsHandle,
  games: ReadonlyArray<ReadonlyArray<Uint8Array>>,
  { first_move, last_move }: OthelloParams,
  most: number
) {
  const parts: Array<Float32Array> = []
  const boards: Array<Uint8Array> = []
  const others: Array<Uint8Array> = []
  const game: Array<number> = []
  for (let b = 0; b < set.batches && boards.length < most; b++) {
    const { activation, position, rows } = yield* set.readBatch(b)
    for (let row = 0; row < rows && boards.length < most; row++) {
      const move = position[row]! % size
      if (move < first_move || move > last_move) continue
      const at = Math.floor(position[row]! / size)
      parts.push(activation.slice(row * d, (row + 1) * d))
      boards.push((games[at] as ReadonlyArray<Uint8Array>)[move - 1] as Uint8Array)
      others.push((games[(at + 1) % games.length] as ReadonlyArray<Uint8Array>)[move - 1] as Uint8Array)
      game.push(at)
    }
  }
  const x = new Float32Array(boards.length * d)
  for (const [i, part] of parts.entries()) x.set(part, i * d)
  const found: Rows = { x, d, boards, others, game: Int32Array.from(game) }
  return found
})

/** Games by number of those that rows are of, 0 and up, and sums of values over the rows of each. */
const byGame = (game: Int32Array) => {
  const rank = new Map([...new Set(game)].map((of, index) => [of, index]))
  const index = game.map((of) => rank.get(of)!)
  const sums = (values: ArrayLike<number>): Float64Array => {
    const each = new Float64Array(rank.size)
    for (const [row, at] of index.entries()) each[at]! += values[row]!
    return each
  }
  return { games: rank.size, index, sums, rows: sums(new Float64Array(game.length).fill(1)) }
}

/** What latents tell, by how often each held-out game was drawn. */
const latentFigures = (
  own: (times: ArrayLike<number>) => Float64Array,
  other: (times: ArrayLike<number>) => Float64Array,
  known: ReadonlyArray<number>,
  above: number
) => {
  const among = (places: ReadonlyArray<number>) => known.filter((at) => places.includes(Math.floor(at / 3)))
  const [centre, corners] = [among(centreSquares), among(cornerSquares)]
  return (times: ArrayLike<number>) => {
    const [areas, others] = [own(times), other(times)]
    // Of a draw with rows of one class alone nothing is told.
    const meanOf = (places: ReadonlyArray<number>, of: (at: number) => number) =>
      mean(places.map(of).filter((value) => Number.isFinite(value)))
    const gain = (at: number) => areas[at]! - others[at]!
    return {
      told: known.filter((at) => areas[at]! > above).length,
      told_control: known.filter((at) => others[at]! > above).length,
      mean_area: meanOf(known, (at) => areas[at]!),
      area_gain: meanOf(known, gain),
      // Gains, not areas: the best of many latents is far above one half by chance where few rows have a state, as in the corners.
      gain_centre: meanOf(centre, gain),
      gain_corners: meanOf(corners, gain),
      centre_over_corners: meanOf(centre, gain) - meanOf(corners, gain)
    }
  }
}

export const othelloStage = Effect.fn("othelloStage")(function* ({
  inputs,
  params,
  output,
  log
}: StageContext<OthelloParams, unknown, OthelloInputs>) {
  const activations = inputs.activations.value
  yield* requireTextOrder(activations)
  yield* requireHeldOut(activations)
  yield* requireTrainingRows(activations)
  const games = yield* readBoards(activations)
  if (games.length < 2)
    return yield* stageFailed("there is one game", "Give more: the control takes another one's boards.")
  const { train, held_out } = yield* openActivations(activations)
  const [fit, test] = [
    yield* rowsOf(train, activations, games, params, params.training_rows),
    yield* rowsOf(held_out, activations, games, params, params.held_out_rows)
  ]
  if (fit.boards.length === 0 || test.boards.length === 0) {
    return yield* stageFailed(`no rows are of moves ${params.first_move} to ${params.last_move}`, "Give a wider range.")
  }
  const right = boardAccuracy(fitBoardProbe(fit), test)
  const controlRight = boardAccuracy(fitBoardProbe({ ...fit, boards: fit.others }), test)
  const control = mean(controlRight)
  const grouped = byGame(test.game)
  const shares = { probe_accuracy: grouped.sums(right), probe_control: grouped.sums(controlRight) }
  const probeFigures = (times: ArrayLike<number>) => {
    const rows = drawnSum(times, grouped.rows)
    return {
      probe_accuracy: drawnSum(times, shares.probe_accuracy) / rows,
      probe_control: drawnSum(times, shares.probe_control) / rows
    }
  }
  const overGames = <F extends Readonly<Record<string, number>>>(figures: (times: ArrayLike<number>) => F) =>
    bootstrapIntervals([grouped.games], figures, Rng.make(0, "intervals over games"))
  const probe = withIntervals({ probe_accuracy: mean(right), probe_control: control }, overGames(probeFigures))
  log(`probe ${mean(right).toFixed(4)}, fitted to the boards of other games ${control.toFixed(4)}`)
  const sae = inputs.sae?.value
  if (sae === undefined) {
    const none = { unmeasured: "no SAE is given" }
    yield* output.writeJson("othello.json", { probe_accuracy: mean(right), control, squares: [] })
    yield* output.writeJson(figuresFileName, { ...boardFigures(activations.hook, new Float64Array()), tables: [] })
    return {
      ...probe,
      told: none,
      told_control: none,
      mean_area: none,
      area_gain: none,
      gain_centre: none,
      gain_corners: none,
      centre_over_corners: none
    }
  }
  yield* requireReads(sae, activations)
  const codes = encodeLatents(test.x, yield* openSaeModel(yield* sae.anyWeights))
  const [own, other] = [bestAreas(codes, test.boards), bestAreas(codes, test.others)]
  const counted = countedSquares.flatMap((square) => states.map((_, state) => 3 * square + state))
  const known = counted.filter((at) => Number.isFinite(own.area[at]) && Number.isFinite(other.area[at]))
  yield* output.writeJson("othello.json", {
    probe_accuracy: mean(right),
    control,
    squares: Array.from({ length: squares }, (_, square) => ({
      square: squareName(square),
      ...Object.fromEntries(
        states.map((state, s) => {
          const at = 3 * square + s
          const area = own.area[at]!
          return [state, Number.isFinite(area) ? { area, latent: own.latent[at]! } : null]
        })
      )
    }))
  })
  yield* output.writeJson(figuresFileName, boardFigures(activations.hook, own.area))
  const drawn = (boards: ReadonlyArray<Uint8Array>, latent: Int32Array) =>
    drawnAreas(codes, boards, grouped.index, grouped.games, latent)
  const figures = latentFigures(drawn(test.boards, own.latent), drawn(test.others, other.latent), known, params.area)
  const { told, told_control, ...areas } = figures(new Int32Array(grouped.games).fill(1))
  log(`${told} of ${counted.length} squares and states have a latent above ${params.area}`)
  const none = "no square has rows enough of each state"
  const means = Object.fromEntries(Object.entries(areas).map(([name, value]) => [name, measured(value, none)]))
  return { ...probe, ...withIntervals({ told, told_control, ...means }, overGames(figures)) }
}, Effect.scoped)
