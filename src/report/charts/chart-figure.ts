/** A chart of an analysis with its title and legend. */
import type { FiguresChart, FiguresPoint } from "../../kinds/figures.ts"
import type { Html } from "../page/html.ts"
import { type ChartAxis, type ChartPoint, seriesChart } from "./series-chart.ts"
import { lineLegend } from "./swatch.ts"

const axis = ({ label, log }: FiguresChart["x"]): ChartAxis => ({ label, scale: log ? "log10" : "linear" })

/** Undefined where no point can be drawn. */
export const chartFigure = ({ title, x, y, series }: FiguresChart): Html | undefined => {
  // What has no logarithm has no place on an axis of them; an interval that reaches so far has none either.
  const has = (log: boolean, ...values: ReadonlyArray<number>): boolean => !log || values.every((value) => value > 0)
  const pointsOf = (name: string, points: ReadonlyArray<FiguresPoint>): ReadonlyArray<ChartPoint> =>
    points
      .filter((point) => has(x.log, point.x) && has(y.log, point.y))
      .map((point) => ({
        x: point.x,
        y: point.y,
        title: name,
        ...(point.low === undefined || point.high === undefined || !has(y.log, point.low, point.high)
          ? {}
          : { yInterval: { low: point.low, high: point.high } })
      }))
  return seriesChart({
    caption: title,
    label: title,
    x: axis(x),
    y: axis(y),
    series: series.map(({ name, line, points }, index) => ({ index, line, points: pointsOf(name, points) })),
    marks: true,
    legend: lineLegend(series.map(({ name }, index) => ({ index, label: name })))
  })
}
