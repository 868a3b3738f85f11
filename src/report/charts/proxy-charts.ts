/** How well the decoder cosine tells novel latents from those that the small SAE has already. */
import type { StitchingFile } from "../../kinds/stitching.ts"
import { axes } from "./axes.ts"
import { formatNumber } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { place } from "./scale.ts"

const bins = 20

/** Novel latents and the others by their largest cosine with the small SAE. */
export const cosineHistogram = ({ latents, proxy }: StitchingFile): Html => {
  const width = 400
  const height = 210
  const counts = { novel: Array.from({ length: bins }, () => 0), other: Array.from({ length: bins }, () => 0) }
  for (const [j, cosine] of latents.cosine.entries()) {
    const bin = Math.min(bins - 1, Math.max(0, Math.floor(cosine * bins)))
    const side = (latents.delta_mse[j] as number) < 0 ? counts.novel : counts.other
    side[bin] = (side[bin] as number) + 1
  }
  const most = Math.max(1, ...counts.novel.map((n, i) => n + (counts.other[i] as number)))
  const x = { domain: [0, 1], range: [42, width - 8] } as const
  const y = { domain: [0, most * 1.12], range: [height - 38, 22] } as const
  const bar = (bin: number, below: number, count: number, colour: number, what: string): Html | undefined => {
    if (count === 0) return undefined
    const left = place(x, bin / bins)
    const top = place(y, below + count)
    return html`<rect
      class="f${colour}"
      x="${left + 0.5}"
      y="${top}"
      width="${Math.round((place(x, (bin + 1) / bins) - left - 1) * 10) / 10}"
      height="${Math.round((place(y, below) - top) * 10) / 10}"
      ><title>cosine ${formatNumber(bin / bins)} to ${formatNumber((bin + 1) / bins)}: ${count} ${what}</title></rect
    >`
  }
  const mark = (threshold: number, label: string): Html | undefined =>
    threshold < 0 || threshold > 1
      ? undefined
      : html`<line
            class="reference"
            x1="${place(x, threshold)}"
            x2="${place(x, threshold)}"
            y1="${y.range[0]}"
            y2="${y.range[1]}"
          /><text x="${place(x, threshold) + 3}" y="${y.range[1] + 8}">${label}</text>`
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="Largest decoder cosine of novel and other latents"
  >
    ${axes(
      { scale: x, label: "largest decoder cosine with the small SAE", count: 5 },
      { scale: y, label: "latents of the large SAE", count: 3 }
    )}${counts.other.map((count, bin) => bar(bin, 0, count, 0, "reconstruction latents"))}${counts.novel.map(
      (count, bin) => bar(bin, counts.other[bin] as number, count, 2, "novel latents")
    )}${mark(proxy.youden.threshold, `τ ${formatNumber(proxy.youden.threshold)}`)}
  </svg>`
}

/** From (0, 0) to (1, 1), whichever way the thresholds go. */
const byRates = (roc: StitchingFile["proxy"]["roc"]): StitchingFile["proxy"]["roc"] =>
  roc.toSorted((a, b) => a.false_positive_rate - b.false_positive_rate || a.true_positive_rate - b.true_positive_rate)

export const rocChart = ({ proxy }: StitchingFile): Html => {
  const width = 260
  const height = 210
  const x = { domain: [0, 1], range: [42, width - 8] } as const
  const y = { domain: [0, 1], range: [height - 38, 22] } as const
  const at = (fpr: number, tpr: number): string => `${place(x, fpr)},${place(y, tpr)}`
  const points = [
    at(0, 0),
    ...byRates(proxy.roc).map((point) => at(point.false_positive_rate, point.true_positive_rate)),
    at(1, 1)
  ]
  const { youden } = proxy
  return html`<svg
    viewBox="0 0 ${width} ${height}"
    width="${width}"
    height="${height}"
    role="img"
    aria-label="ROC of the cosine as a test for novelty"
  >
    ${axes({ scale: x, label: "false positive rate", count: 3 }, { scale: y, label: "true positive rate", count: 3 })}
    <polyline class="reference" points="${at(0, 0)} ${at(1, 1)}" />
    <polyline class="line l2" points="${points.join(" ")}" />
    <circle class="mark" cx="${place(x, youden.false_positive_rate)}" cy="${place(y, youden.true_positive_rate)}" r="4">
      <title>best threshold: ${formatNumber(youden.threshold)}</title>
    </circle>
  </svg>`
}
