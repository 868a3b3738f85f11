/** What a dashboard holds of some latents, as the columns of its two files. */
import type { ArrowArrays, ArrowValues } from "../../format/arrow/arrow-column.ts"
import {
  type DashboardShape,
  type exampleColumns,
  histogramBins,
  type latentColumns,
  positionBins
} from "../../kinds/dashboard/dashboard-columns.ts"
import { make as makeRng } from "../../random/rng.ts"
import { activationHistogram, chooseExamples } from "../choose-examples.ts"
import { distinctEnds } from "../choose-firings.ts"
import { exampleWindow, type Window } from "../example-window.ts"
import { type Firings, maximum } from "../firings.ts"
import type { LogitWeights } from "../logit-weights.ts"
import type { TokenStream } from "../token-stream.ts"
import type { Ranked } from "./firing-together.ts"

export interface DashboardOptions extends Window {
  readonly rows: number
  readonly top: number
  readonly bands: number
  readonly perBand: number
  readonly random: number
  readonly logitTokens: number
  readonly neighbours: number
  readonly seed: number
}

export interface FoundLatent {
  readonly latent: number
  readonly firings: Firings
  readonly cosine: number
  readonly logits: LogitWeights | undefined
  readonly neighbours: Ranked
  readonly coactive: Ranked
}

interface GroupedPosition {
  readonly group: number
  readonly position: number
}

const grouped = (stream: TokenStream, { latent, firings }: FoundLatent, max: number, options: DashboardOptions) => {
  const { top, bands } = chooseExamples(
    stream,
    firings,
    max,
    options,
    makeRng(options.seed, `examples of latent ${latent}`)
  )
  const drawn = makeRng(options.seed, `random firings of latent ${latent}`).permutation(firings.positions.length)
  const random = distinctEnds(
    stream,
    Array.from(drawn, (i) => firings.positions[i] as number),
    options.random
  )
  return [top, ...bands.map(({ positions }) => positions), random].flatMap((positions, group) =>
    positions.map((position): GroupedPosition => ({ group, position }))
  )
}

const byPosition = (stream: TokenStream, { positions }: Firings): ReadonlyArray<number> => {
  const counts = Array.from({ length: positionBins }, () => 0)
  for (const position of positions) {
    const bin = Math.floor(((position % stream.contextSize) * positionBins) / stream.contextSize)
    counts[bin] = (counts[bin] as number) + 1
  }
  return counts
}

/** `width` numbers a row; what is missing is `filler`. */
const table = <A extends ArrowArrays["i32" | "f32"]>(
  into: A,
  rows: ReadonlyArray<ReadonlyArray<number>>,
  width: number,
  filler: number
): A => {
  into.fill(filler)
  for (const [i, row] of rows.entries()) into.set(row.slice(0, width), i * width)
  return into
}

export interface DashboardRows {
  readonly latents: ArrowValues<ReturnType<typeof latentColumns>>
  readonly examples: ArrowValues<ReturnType<typeof exampleColumns>>
  readonly exampleRows: number
}

export const dashboardRows = (
  stream: TokenStream,
  found: ReadonlyArray<FoundLatent>,
  shape: DashboardShape,
  options: DashboardOptions
): DashboardRows => {
  const maxima = found.map(({ firings }) => maximum(firings))
  const shown = found.map((each, i) => grouped(stream, each, maxima[i] as number, options))
  const windows = found.flatMap(({ latent, firings }, i) =>
    (shown[i] as ReadonlyArray<GroupedPosition>).map(({ group, position }) => ({
      latent,
      group,
      ...exampleWindow(stream, firings, position, options)
    }))
  )
  const n = found.length
  const { window, logitTokens, neighbours } = shape
  const ints = (rows: ReadonlyArray<ReadonlyArray<number>>, width: number, filler = -1) =>
    table(new Int32Array(rows.length * width), rows, width, filler)
  const floats = (rows: ReadonlyArray<ReadonlyArray<number>>, width: number) =>
    table(new Float32Array(rows.length * width), rows, width, 0)
  const logits = (side: keyof LogitWeights, what: "token" | "weight") =>
    found.map((each) => (each.logits?.[side] ?? []).map((entry) => entry[what]))
  return {
    latents: {
      latent: Int32Array.from(found, ({ latent }) => latent),
      count: Int32Array.from(found, ({ firings }) => firings.positions.length),
      max: Float32Array.from(maxima),
      encoder_decoder_cosine: Float32Array.from(found, ({ cosine }) => cosine),
      examples: Int32Array.from({ length: n }, (_, i) => (shown[i] as ReadonlyArray<GroupedPosition>).length),
      histogram: ints(
        found.map(({ firings }, i) => activationHistogram(firings, maxima[i] as number, histogramBins)),
        histogramBins
      ),
      by_position: ints(
        found.map(({ firings }) => byPosition(stream, firings)),
        positionBins
      ),
      promoted: ints(logits("promoted", "token"), logitTokens),
      promoted_weight: floats(logits("promoted", "weight"), logitTokens),
      suppressed: ints(logits("suppressed", "token"), logitTokens),
      suppressed_weight: floats(logits("suppressed", "weight"), logitTokens),
      neighbour: ints(
        found.map((each) => each.neighbours[0]),
        neighbours
      ),
      neighbour_cosine: floats(
        found.map((each) => each.neighbours[1]),
        neighbours
      ),
      coactive: ints(
        found.map((each) => each.coactive[0]),
        neighbours
      ),
      coactive_jaccard: floats(
        found.map((each) => each.coactive[1]),
        neighbours
      )
    },
    examples: {
      latent: Int32Array.from(windows, ({ latent }) => latent),
      group: Int32Array.from(windows, ({ group }) => group),
      position: Int32Array.from(windows, ({ position }) => position),
      pivot: Int32Array.from(windows, ({ pivot }) => pivot),
      tokens: ints(
        windows.map(({ tokens }) => tokens),
        window
      ),
      activations: floats(
        windows.map(({ activations }) => activations),
        window
      )
    },
    exampleRows: windows.length
  }
}
