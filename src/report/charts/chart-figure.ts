/** A chart of an analysis with its title and legend. */
import type { FiguresChart } from "../../kinds/figures.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { curvesChart } from "./curves-chart.ts"
import { swatch } from "./swatch.ts"

/** Undefined where no point can be drawn. */
export const chartFigure = (chart: FiguresChart): Html | undefined => {
  const drawn = curvesChart(chart)
  return drawn === undefined
    ? undefined
    : html`<figure>
        <figcaption>${chart.title}</figcaption>
        ${drawn}
        <div class="legend">${chart.series.map(({ name }, i) => html`<span>${swatch(i)}${name}</span>`)}</div>
      </figure>`
}
