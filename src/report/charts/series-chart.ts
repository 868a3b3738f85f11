/** Points of several series in one chart: lines, marks, and bars for intervals in either direction. */
import type { Interval } from "../../numeric/bootstrap.ts"
import { formatInteger, formatNumber, formatTick } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { axes } from "./axes.ts"
import { place, type Scale } from "./scale.ts"
import { colourOf, dashOf } from "./swatch.ts"

export interface ChartPoint {
  readonly x: number
  readonly y: number
  readonly xInterval?: Interval | undefined
  readonly yInterval?: Interval | undefined
  /** What it says to whoever points at it, beside its place. */
  readonly title?: string
}

export interface Series {
  /** Which colour and dashes. */
  readonly index: number
  /** In the order in which a line joins them. */
  readonly points: ReadonlyArray<ChartPoint>
  readonly line: boolean
}

export interface ChartAxis {
  readonly label: string
  /** `log2` for sizes, `log10` for what falls by powers of ten: values must be above zero. */
  readonly scale?: "linear" | "log2" | "log10"
  readonly format?: (value: number) => string
}

export interface SeriesChart {
  readonly caption: string
  /** For who cannot see it. */
  readonly label: string
  readonly x: ChartAxis
  readonly y: ChartAxis
  readonly series: ReadonlyArray<Series>
  /** Whether points are marked: not those of a curve. */
  readonly marks: boolean
  /** Corners of a dashed line. */
  readonly reference?: ReadonlyArray<Pick<ChartPoint, "x" | "y">>
  /** Of its own, where charts beside it have others. */
  readonly legend?: Html
}

const width = 380
const height = 230

const onScale = ({ scale = "linear" }: ChartAxis, value: number): number =>
  scale === "log2" ? Math.log2(value) : scale === "log10" ? Math.log10(value) : value

const back = ({ scale = "linear" }: ChartAxis, at: number): number =>
  scale === "log2" ? 2 ** at : scale === "log10" ? 10 ** at : at

/** A little wider than the values, so that no mark stands on an edge. */
const domainOf = (values: ReadonlyArray<number>, margin: number): readonly [number, number] => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  // No share of dead latents below zero where there are none.
  if (low === 0 && high === 0) return [0, 1]
  const room = high > low ? (high - low) * margin : Math.max(Math.abs(high) * 0.1, 0.5)
  return [low - room, high + room]
}

const tickCount = ({ scale = "linear" }: ChartAxis, [low, high]: readonly [number, number]): number =>
  scale === "linear" ? 5 : Math.max(1, Math.min(5, Math.ceil(high - low)))

export const seriesChart = ({
  caption,
  label,
  x,
  y,
  series,
  marks,
  reference,
  legend
}: SeriesChart): Html | undefined => {
  const points = series.flatMap((each) => each.points)
  if (points.length === 0) return undefined
  const ends = (value: number, interval: Interval | undefined): ReadonlyArray<number> =>
    interval === undefined ? [value] : [interval.low, value, interval.high]
  const spread = (axis: ChartAxis, values: ReadonlyArray<number>): readonly [number, number] =>
    domainOf(
      values.map((value) => onScale(axis, value)),
      marks ? 0.08 : 0.02
    )
  const across: Scale = {
    domain: spread(
      x,
      points.flatMap((point) => ends(point.x, point.xInterval))
    ),
    range: [52, width - 10]
  }
  const up: Scale = {
    domain: spread(
      y,
      points.flatMap((point) => ends(point.y, point.yInterval))
    ),
    range: [height - 36, 24]
  }
  const atX = (value: number): number => place(across, onScale(x, value))
  const atY = (value: number): number => place(up, onScale(y, value))
  const tick =
    (axis: ChartAxis) =>
    (at: number): string => {
      const value = back(axis, at)
      return (axis.format ?? (axis.scale === "log2" ? (size) => formatInteger(Math.round(size)) : formatTick))(value)
    }
  const lineOf = (corners: ReadonlyArray<Pick<ChartPoint, "x" | "y">>): string =>
    corners.map((point) => `${atX(point.x)},${atY(point.y)}`).join(" ")
  const bars = ({ x: px, y: py, xInterval, yInterval }: ChartPoint, index: number): Html =>
    html`${
      yInterval &&
      html`<line
        class="whisker l${colourOf(index)}"
        x1="${atX(px)}"
        x2="${atX(px)}"
        y1="${atY(yInterval.low)}"
        y2="${atY(yInterval.high)}"
      />`
    }${
      xInterval &&
      html`<line
        class="whisker l${colourOf(index)}"
        x1="${atX(xInterval.low)}"
        x2="${atX(xInterval.high)}"
        y1="${atY(py)}"
        y2="${atY(py)}"
      />`
    }`
  const said = (point: ChartPoint): string =>
    [point.title, `${x.label} ${formatNumber(point.x)}`, `${y.label} ${formatNumber(point.y)}`]
      .filter((part) => part !== undefined)
      .join(", ")
  return html`<figure>
    <figcaption>${caption}</figcaption>
    <svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
      ${axes(
        { scale: across, label: x.label, format: tick(x), count: tickCount(x, across.domain) },
        { scale: up, label: y.label, format: tick(y), count: tickCount(y, up.domain) }
      )}${reference && html`<polyline class="reference" points="${lineOf(reference)}" />`}${series.map(
        ({ index, points: own, line }) =>
          html`${
            line && own.length > 1
              ? html`<polyline class="line l${colourOf(index)} d${dashOf(index)}" points="${lineOf(own)}" />`
              : undefined
          }${
            marks
              ? own.map(
                  (point) =>
                    html`${bars(point, index)}<circle
                        class="${dashOf(index) === 0 ? `f${colourOf(index)}` : `hollow l${colourOf(index)}`}"
                        cx="${atX(point.x)}"
                        cy="${atY(point.y)}"
                        r="4"
                        ><title>${said(point)}</title></circle
                      >`
                )
              : undefined
          }`
      )}
    </svg>
    ${legend}
  </figure>`
}
