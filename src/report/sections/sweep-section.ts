/**
 * SAEs of a sweep against each other: what reconstruction costs in active latents, and how absorption goes with L0 and
 * with the size of the dictionary. SAEs of one architecture and size are a series; those that differ in nothing but a
 * seed stand beside each other.
 */
import type { Interval } from "../../numeric/bootstrap.ts"
import { intervalOf } from "../../stage/metric.ts"
import type { ChartAxis, ChartPoint, Series } from "../charts/series-chart.ts"
import { seriesChart } from "../charts/series-chart.ts"
import { lineLegend } from "../charts/swatch.ts"
import { formatInteger, formatTick } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { labelOf, type Subject } from "../page/subjects.ts"

interface Value {
  readonly value: number
  readonly interval: Interval | undefined
}

type Measure = (subject: Subject) => Value | undefined

const metric =
  (name: string): Measure =>
  ({ evaluation }) => {
    const value = evaluation?.metrics[name]
    return value === undefined ? undefined : { value, interval: intervalOf(evaluation?.metrics ?? {}, name) }
  }

const absorbed: Measure = ({ absorption }) =>
  absorption && { value: absorption.mean_absorption_fraction, interval: absorption.intervals?.mean_absorption_fraction }

const size: Measure = ({ d_sae }) => ({ value: d_sae, interval: undefined })

/**
 * Points that no other one beats: none has at most its `x` and at least its `y`, and more of one of the two. Ascending.
 */
export const paretoFront = <P extends Pick<ChartPoint, "x" | "y">>(points: ReadonlyArray<P>): ReadonlyArray<P> => {
  const front: Array<P> = []
  for (const point of points.toSorted((a, b) => a.x - b.x || b.y - a.y)) {
    const last = front.at(-1)
    if (last === undefined || point.y > last.y) front.push(point)
  }
  return front
}

/** Corners of the stairs under a front: what can be had for so much. */
const stairs = (front: ReadonlyArray<ChartPoint>): ReadonlyArray<Pick<ChartPoint, "x" | "y">> =>
  front.flatMap(({ x, y }, i) => {
    const before = front[i - 1]
    return before === undefined
      ? [{ x, y }]
      : [
          { x, y: before.y },
          { x, y }
        ]
  })

interface Panel {
  readonly caption: string
  readonly label: string
  readonly x: ChartAxis & { readonly of: Measure }
  readonly y: ChartAxis & { readonly of: Measure }
  readonly front?: boolean
}

const l0 = { label: "L0", of: metric("l0") }
const fraction = { label: "absorption", format: (share: number) => `${formatTick(100 * share)} %`, of: absorbed }

const panels: ReadonlyArray<Panel> = [
  {
    caption: "Explained variance against L0",
    label: "Explained variance of each SAE against its L0",
    x: l0,
    y: { label: "explained variance", of: metric("explained_variance") },
    front: true
  },
  {
    caption: "Cross-entropy recovered against L0",
    label: "Share of the cross-entropy gap that each SAE closes against its L0",
    x: l0,
    y: { label: "CE recovered", of: metric("ce_recovered") },
    front: true
  },
  { caption: "Absorption against L0", label: "Absorption of each SAE against its L0", x: l0, y: fraction },
  {
    caption: "Absorption against width",
    label: "Absorption of each SAE against the size of its dictionary",
    x: { label: "latents", scale: "log2", of: size },
    y: fraction
  }
]

const seriesNames = (subjects: ReadonlyArray<Subject>): ReadonlyArray<string> => {
  const architectures = new Set(subjects.flatMap(({ info }) => info?.architecture ?? []))
  return subjects.map(({ info, d_sae }) =>
    [...(architectures.size > 1 ? [info?.architecture ?? "unknown"] : []), `${formatInteger(d_sae)} latents`].join(", ")
  )
}

const withoutSeed = ({ at, d_sae, info }: Subject): string => {
  const { seed: _, ...rest } = at
  return `${labelOf(rest, "")} ${d_sae} ${info?.k}`
}

/** Undefined where there are not two SAEs to set against each other. */
export const sweepSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  if (subjects.length < 2) return undefined
  const names = seriesNames(subjects)
  const legend = [...new Set(names)]
  const charts = panels.flatMap((panel) => {
    const placed = subjects.flatMap((subject, i) => {
      const [x, y] = [panel.x.of(subject), panel.y.of(subject)]
      if (x === undefined || y === undefined) return []
      const point: ChartPoint = {
        x: x.value,
        y: y.value,
        xInterval: x.interval,
        yInterval: y.interval,
        title: subject.label
      }
      return [{ point, series: names[i] as string, alike: withoutSeed(subject) }]
    })
    // One place on the axis is no sweep of it.
    if (new Set(placed.map(({ point }) => point.x)).size < 2) return []
    const series = legend.map((name, index): Series => {
      const own = placed.filter((each) => each.series === name).toSorted((a, b) => a.point.x - b.point.x)
      return {
        index,
        points: own.map(({ point }) => point),
        line: new Set(own.map(({ alike }) => alike)).size === own.length
      }
    })
    const reference = panel.front === true ? stairs(paretoFront(placed.map(({ point }) => point))) : undefined
    const { x, y, caption, label } = panel
    const chart = seriesChart({ caption, label, x, y, series, marks: true, ...(reference && { reference }) })
    return chart === undefined ? [] : [chart]
  })
  if (charts.length === 0) return undefined
  return html`<h2>Sweep</h2>
    <p class="note">
      Each mark is an SAE on held-out rows, bars are 95 % intervals; the dashed stairs join SAEs that no other one beats
      in both. A step that is smaller than the bars says nothing.
    </p>
    ${lineLegend(legend.map((label, index) => ({ index, label })))}
    <div class="multiples">${charts}</div>`
}
