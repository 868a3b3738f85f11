/** Curves of any analysis on one pair of axes, with the 95 % intervals of their points. */
import type { FiguresChart, FiguresPoint } from "../../kinds/figures.ts"
import { formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { axes } from "./axes.ts"
import { place, type Scale } from "./scale.ts"
import { colourOf } from "./swatch.ts"

const width = 560
const height = 300

/** Powers of ten on an axis of logarithms. */
const shown = (value: number): string => formatNumber(Number((10 ** value).toPrecision(2)))

const domainOf = (values: ReadonlyArray<number>): readonly [number, number] => {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const margin = high > low ? (high - low) * 0.05 : Math.max(Math.abs(high) * 0.05, 1e-6)
  return [low - margin, high + margin]
}

/** Undefined where no point can be shown. */
export const curvesChart = (chart: FiguresChart): Html | undefined => {
  const at = (log: boolean, value: number): number => (log ? Math.log10(value) : value)
  const fits = ({ x, y }: FiguresPoint): boolean => (!chart.x.log || x > 0) && (!chart.y.log || y > 0)
  const series = chart.series.map((each) => ({ ...each, points: each.points.filter(fits) }))
  const points = series.flatMap((each) => each.points)
  if (points.length === 0) return undefined
  const bounds = points.flatMap(({ y, low, high }) =>
    [y, low, high].flatMap((value) =>
      value === undefined || (chart.y.log && value <= 0) ? [] : [at(chart.y.log, value)]
    )
  )
  const x: Scale = { domain: domainOf(points.map((point) => at(chart.x.log, point.x))), range: [58, width - 10] }
  const y: Scale = { domain: domainOf(bounds), range: [height - 38, 24] }
  const placeX = (value: number): number => place(x, at(chart.x.log, value))
  const placeY = (value: number): number => (chart.y.log && value <= 0 ? y.range[0] : place(y, at(chart.y.log, value)))
  // Colours repeat after four; dashes tell the second round from the first.
  const dash = (index: number): string => (index < 4 ? "none" : "6 3")
  const axis = ({ label, log }: FiguresChart["x"], scale: Scale) =>
    log ? { scale, label, format: shown, count: 4 } : { scale, label }
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="${chart.title}"
  >
    ${axes(axis(chart.x, x), axis(chart.y, y))}${series.map(({ name, line, points: own }, i) => {
      const colour = colourOf(i)
      const joined = own.map((point) => `${placeX(point.x)},${placeY(point.y)}`).join("L")
      return html`${own.map(({ x: value, low, high }) =>
        low === undefined || high === undefined
          ? undefined
          : html`<line
              class="line l${colour}"
              opacity="0.45"
              x1="${placeX(value)}"
              x2="${placeX(value)}"
              y1="${placeY(low)}"
              y2="${placeY(high)}"
            />`
      )}${line && own.length > 1 ? html`<path class="line l${colour}" stroke-dasharray="${dash(i)}" d="M${joined}" />` : undefined}${own.map(
        (point) =>
          html`<circle class="f${colour}" cx="${placeX(point.x)}" cy="${placeY(point.y)}" r="2.6"
            ><title>${name}: ${formatNumber(point.x)}, ${formatNumber(point.y)}</title></circle
          >`
      )}`
    })}
  </svg>`
}
