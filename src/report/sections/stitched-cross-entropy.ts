/** What stitched SAEs cost the model: along the path, and of latents added alone. */
import type { StitchingCrossEntropy } from "../../kinds/stitching.ts"
import type { FiguresPoint } from "../../kinds/figures.ts"
import { chartFigure } from "../charts/chart-figure.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"

interface Ends {
  readonly low: number | null
  readonly high: number | null
}

const pointOf = (x: number, y: number, { low, high }: Ends): FiguresPoint =>
  low === null || high === null ? { x, y } : { x, y, low, high }

/** Undefined where cross-entropies were not measured. */
export const stitchedCrossEntropy = (file: StitchingCrossEntropy | undefined): Html | undefined => {
  if (file === undefined) return undefined
  const sizes = file.path.map(({ latents }) => latents)
  const along = chartFigure({
    title: "Cross-entropy along the path",
    x: { label: "latents", log: false },
    y: { label: "cross-entropy, nats a token", log: false },
    series: [
      {
        name: "stitched SAE in place",
        line: true,
        points: file.path.map((step) => pointOf(step.latents, step.ce, step))
      },
      {
        name: "the model as it is",
        line: true,
        points: [Math.min(...sizes), Math.max(...sizes)].map((x) => ({ x, y: file.clean }))
      }
    ]
  })
  const alone = chartFigure({
    title: "Latents added alone to the small SAE",
    x: { label: "change of the MSE", log: false },
    y: { label: "change of the cross-entropy, nats a token", log: false },
    series: [
      {
        name: "latents of the large SAE",
        line: false,
        points: file.candidates.map((each) => pointOf(each.delta_mse, each.delta_ce, each))
      }
    ]
  })
  return html`<div class="multiples">${along}${alone}</div>`
}
