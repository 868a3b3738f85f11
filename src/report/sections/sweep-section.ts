/**
 * SAEs of a sweep against each other: what reconstruction costs in active latents, and how absorption goes with L0 and
 * with the size of the dictionary. Those that differ in nothing but a seed are one point, their mean. A control is no SAE to
 * choose: it is a series of its own, and on no front.
 */
import type { Interval } from "../../numeric/bootstrap.ts"
import { intervalOf } from "../../stage/metric.ts"
import type { ChartAxis, ChartPoint, Series } from "../charts/series-chart.ts"
import { seriesChart } from "../charts/series-chart.ts"
import { lineLegend } from "../charts/swatch.ts"
import { formatInteger, formatTick } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { bySeed, meanOverSeeds } from "../page/over-seeds.ts"
import { isControl, labelOf, sizeLabel, type Subject } from "../page/subjects.ts"

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
  /** Whether a series goes over the sizes, or all of one size are one. */
  readonly overSizes?: boolean
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
    y: fraction,
    overSizes: true
  }
]

/** SAEs that differ in their seed alone. */
interface Group {
  readonly label: string
  readonly members: readonly [Subject, ...ReadonlyArray<Subject>]
}

const groupsOf = (subjects: ReadonlyArray<Subject>): ReadonlyArray<Group> =>
  bySeed(subjects, sizeLabel).flatMap(({ label, members: [first, ...others] }) =>
    first === undefined
      ? []
      : [
          {
            label: others.length === 0 ? first.label : `${label}, mean of ${1 + others.length} seeds`,
            members: [first, ...others] as const
          }
        ]
  )

const isControlGroup = ({ members: [{ at }] }: Group): boolean => isControl(at)

/** Coordinates that say something else than the seed, the size and what it controls. */
const othersOf = ({ at, d_sae }: Pick<Subject, "at" | "d_sae">): Subject["at"] =>
  Object.fromEntries(
    Object.entries(at).filter(([name, value]) => name !== "seed" && name !== "control" && value !== d_sae)
  )

const seriesName =
  (groups: ReadonlyArray<Group>, overSizes: boolean) =>
  ({ members: [{ at, info, d_sae }] }: Group): string => {
    const architectures = new Set(
      groups
        .filter((group) => !isControlGroup(group))
        .flatMap(({ members: [{ info: own }] }) => own?.architecture ?? [])
    )
    if (isControl(at)) return String(at["control"])
    const architecture = architectures.size > 1 ? [info?.architecture ?? "unknown"] : []
    const rest = overSizes ? labelOf(othersOf({ at, d_sae }), "") : `${formatInteger(d_sae)} latents`
    return [...architecture, ...(rest === "" ? [] : [rest])].join(", ") || "SAEs"
  }

const meanOf = (members: ReadonlyArray<Subject>, of: Measure): Value | undefined => {
  const values = members.flatMap((member) => of(member) ?? [])
  const mean = meanOverSeeds(values.map(({ value, interval }) => ({ value, interval, over: "" })))
  return mean && { value: mean.value, interval: mean.interval }
}

const chartOf = (panel: Panel, groups: ReadonlyArray<Group>, names: ReadonlyArray<string>): Html | undefined => {
  const legend = [...new Set(names)]
  const placed = groups.flatMap((group, i) => {
    const [x, y] = [meanOf(group.members, panel.x.of), meanOf(group.members, panel.y.of)]
    if (x === undefined || y === undefined) return []
    const point: ChartPoint = {
      x: x.value,
      y: y.value,
      xInterval: x.interval,
      yInterval: y.interval,
      title: group.label
    }
    return [{ point, series: names[i] as string, control: isControlGroup(group) }]
  })
  // One place on the axis is no sweep of it.
  if (new Set(placed.map(({ point }) => point.x)).size < 2) return undefined
  const series = legend.map((name, index): Series => {
    const own = placed.filter((each) => each.series === name)
    return {
      index,
      points: own.map(({ point }) => point).toSorted((a, b) => a.x - b.x),
      line: own.every(({ control }) => !control) && new Set(own.map(({ point }) => point.x)).size === own.length
    }
  })
  const chosen = placed.filter(({ control }) => !control).map(({ point }) => point)
  const { x, y, caption, label } = panel
  return seriesChart({
    caption,
    label,
    x,
    y,
    series,
    marks: true,
    ...(panel.front === true ? { reference: stairs(paretoFront(chosen)) } : {}),
    legend: lineLegend(
      legend.flatMap((each, index) => (placed.some(({ series: of }) => of === each) ? [{ index, label: each }] : []))
    )
  })
}

/** Undefined where there are not two SAEs to set against each other. */
export const sweepSection = (subjects: ReadonlyArray<Subject>): Html | undefined => {
  const all = groupsOf(subjects)
  // Controls come last: the colours of the others do not depend on whether there are any.
  const groups = [...all.filter((group) => !isControlGroup(group)), ...all.filter(isControlGroup)]
  if (groups.length < 2) return undefined
  const charts = panels.flatMap(
    (panel) => chartOf(panel, groups, groups.map(seriesName(groups, panel.overSizes === true))) ?? []
  )
  if (charts.length === 0) return undefined
  return html`<h2>Sweep</h2>
    <p class="note">
      Each mark is an SAE on held-out rows, or the mean of those that differ in their seed alone; bars are 95 %
      intervals, over seeds where there are several. The dashed stairs join SAEs that no other one beats in both,
      without controls. A step that is smaller than the bars says nothing.
    </p>
    <div class="multiples">${charts}</div>`
}
