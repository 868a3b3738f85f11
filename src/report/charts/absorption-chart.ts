/** Absorption per letter: a bar for the mean fraction, a mark for the rate of full absorption. */
import { whyNotEvaluated } from "../../analysis/absorption/why-not-evaluated.ts"
import type { AbsorptionFile } from "../../kinds/absorption.ts"
import { axes } from "./axes.ts"
import { fluidChart, fluidRange } from "./fluid-chart.ts"
import { formatNumber, formatPercent, formatTick } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { place } from "./scale.ts"
import { colourOf } from "./swatch.ts"

const height = 180
const [left, right] = [50, 8]

/** The largest value that the chart of this SAE must hold: charts are drawn to one scale. */
export const absorptionHeight = ({ letters }: AbsorptionFile): number =>
  Math.max(
    ...letters
      .filter(({ evaluated }) => evaluated)
      .flatMap((letter) => [letter.mean_absorption_fraction, letter.full_absorption_rate]),
    0
  )

const tickPercent = (share: number): string => `${formatTick(100 * share)} %`

export const absorptionChart = (absorption: AbsorptionFile, label: string, index: number, highest: number): Html => {
  const letters = absorption.letters.toSorted((a, b) => (a.letter < b.letter ? -1 : 1))
  const slot = 100 / Math.max(1, letters.length)
  const y = { domain: [0, Math.max(highest * 1.05, 0.02)], range: [height - 34, 22] } as const
  // The letters are the ticks of this axis.
  const x = { domain: [0, 1], range: fluidRange } as const
  const round = (value: number): number => Math.round(value * 100) / 100
  const bars = letters.map((letter, i) => {
    const from = i * slot
    const middle = round(from + slot / 2)
    const name = html`<text x="${middle}%" y="${height - 19}" text-anchor="middle">${letter.letter}</text>`
    if (!letter.evaluated) {
      return html`<g
        >${name}<rect
          class="off"
          x="${round(from + slot * 0.18)}%"
          y="${y.range[0] - 3}"
          width="${round(slot * 0.64)}%"
          height="3"
          ><title>${letter.letter}: not evaluated, ${whyNotEvaluated(letter, absorption.settings)}</title></rect
        ></g
      >`
    }
    const top = place(y, letter.mean_absorption_fraction)
    const full = place(y, letter.full_absorption_rate)
    return html`<g
      >${name}<rect
        class="f${colourOf(index)}"
        x="${round(from + slot * 0.18)}%"
        y="${top}"
        width="${round(slot * 0.64)}%"
        height="${round(y.range[0] - top)}"
      /><line
        class="mark"
        x1="${round(from + slot * 0.1)}%"
        x2="${round(from + slot * 0.9)}%"
        y1="${full}"
        y2="${full}"
      /><title>
        ${letter.letter}: mean fraction ${formatPercent(letter.mean_absorption_fraction)}, fully absorbed
        ${letter.full_absorptions} of ${letter.probe_true_positives} words, probe F1 ${formatNumber(letter.probe_f1)}
      </title></g
    >`
  })
  return html`<figure>
    <figcaption>
      ${label}: mean fraction ${formatPercent(absorption.mean_absorption_fraction)}, full absorption
      ${formatPercent(absorption.mean_full_absorption)}
    </figcaption>
    ${fluidChart(
      { label: `Absorption per letter of ${label}`, height, left, right },
      html`${axes(
        {
          scale: x,
          label: absorption.task === "first_letter" ? "first letter" : "class of words",
          count: 1,
          format: () => "",
          unit: "%"
        },
        { scale: y, label: "absorption", format: tickPercent, count: 4 }
      )}${bars}`
    )}
  </figure>`
}
