/** The stitching path: MSE by how many latents of the large SAE are in, from the small SAE to the large one. */
import type { StitchingFile, StitchingStep } from "../../kinds/stitching.ts"
import { axes } from "./axes.ts"
import { fluidChart, fluidCorner, fluidLines, fluidRange } from "./fluid-chart.ts"
import { formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { place } from "./scale.ts"

const height = 300
const label = "Mean squared error along the stitching path"

/** Colour of each phase's stretch of the curve. */
export const phaseColours: Readonly<Record<StitchingStep["phase"], number>> = { start: 2, insert: 2, swap: 0, rest: 1 }
export const phaseNames: Readonly<Record<StitchingStep["phase"], string>> = {
  start: "start",
  insert: "insertions of novel latents",
  swap: "swaps of groups with counterparts",
  rest: "the rest"
}

/** Steps after which the MSE is higher than before. */
export const risingSteps = (path: ReadonlyArray<StitchingStep>): ReadonlyArray<number> =>
  path.flatMap((step, i) => (i > 0 && step.mse > (path[i - 1] as StitchingStep).mse ? [i] : []))

export interface LargestGroup {
  readonly added: number
  readonly removed: number
  /** Of the fall of the MSE from the small SAE to the large one; NaN where it does not fall. */
  readonly share: number
}

/** The step that moves the most latents: a path whose gain is mostly this one says little of single latents. */
export const largestGroup = ({ path, small, large }: StitchingFile): LargestGroup | undefined => {
  const moved = path.slice(1).map(({ added, removed, mse }, i) => ({
    added: added.length,
    removed: removed.length,
    share: small.mse > large.mse ? ((path[i] as StitchingStep).mse - mse) / (small.mse - large.mse) : Number.NaN
  }))
  return moved.toSorted((a, b) => b.added + b.removed - a.added - a.removed)[0]
}

/** Consecutive numbers together. */
const runsOf = (numbers: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<number>> => {
  const runs: Array<Array<number>> = []
  for (const n of numbers) {
    const current = runs.at(-1)
    if (current?.at(-1) === n - 1) current.push(n)
    else runs.push([n])
  }
  return runs
}

export const stitchingChart = ({ path, small, large }: StitchingFile): Html => {
  const values = path.map(({ mse }) => mse)
  const low = Math.min(...values, small.mse, large.mse)
  const high = Math.max(...values, small.mse, large.mse)
  const margin = high > low ? (high - low) * 0.05 : Math.max(high * 0.05, 1e-6)
  const inserted: Array<number> = []
  for (const { added } of path) inserted.push((inserted.at(-1) ?? 0) + added.length)
  const x = { domain: [0, Math.max(1, inserted.at(-1) ?? 0)], range: fluidRange } as const
  const y = { domain: [low - margin, high + margin], range: [height - 38, 24] } as const
  const point = (i: number): string => fluidCorner(x, y, [inserted[i] as number, (path[i] as StitchingStep).mse])

  // One line per stretch of the same phase, each beginning where the one before it ended.
  const stretches: Array<{ readonly phase: StitchingStep["phase"]; readonly points: Array<string> }> = []
  for (let i = 1; i < path.length; i++) {
    const { phase } = path[i] as StitchingStep
    const current = stretches.at(-1)
    if (current?.phase === phase) current.points.push(point(i))
    else stretches.push({ phase, points: [point(i - 1), point(i)] })
  }
  // Named in the margin, where the curve never is; lines that lie close share the room.
  const [atSmall, atLarge] = [place(y, small.mse), place(y, large.mse)]
  const apart = Math.max(0, 14 - Math.abs(atSmall - atLarge)) / 2
  const rising = runsOf(risingSteps(path))
  const down = atSmall > atLarge ? apart : -apart
  /** @param side where its name stands on a narrow page, which has no margin for it */
  const reference = (at: number, mse: number, name: string, shift: number, side: "over" | "under"): Html =>
    html`<line class="reference" x1="0" x2="100%" y1="${at}" y2="${at}" /><text
        class="beside ${side}"
        style="--shift: ${shift}px"
        x="100%"
        y="${at}"
        >${name}: ${formatNumber(mse)}</text
      >`
  return fluidChart(
    { label, height, left: 58, right: 118 },
    html`${axes(
      { scale: x, label: "latents of the large SAE that are in", unit: "%" },
      { scale: y, label: "mean squared error" }
    )}${reference(atSmall, small.mse, "small SAE", down, down > 0 ? "under" : "over")}${reference(
      atLarge,
      large.mse,
      "large SAE",
      -down,
      down > 0 ? "over" : "under"
    )}${fluidLines(height, [
      ...rising.map((run) =>
        run.length < 2
          ? undefined
          : html`<polyline class="rise" points="${[(run[0] as number) - 1, ...run].map(point).join(" ")}" />`
      ),
      ...stretches.map(
        ({ phase, points }) => html`<polyline class="line l${phaseColours[phase]}" points="${points.join(" ")}" />`
      )
    ])}${rising.map((run) => {
      const [i] = run
      if (i === undefined || run.length > 1) return undefined
      const { phase, mse } = path[i] as StitchingStep
      return html`<circle class="rise" cx="${place(x, inserted[i] as number)}%" cy="${place(y, mse)}" r="2.6"
        ><title>step ${i} (${phase}): MSE rises to ${formatNumber(mse)}</title></circle
      >`
    })}`
  )
}
