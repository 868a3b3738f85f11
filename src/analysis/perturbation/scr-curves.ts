/** What evaluate-scr draws: the accuracy that comes back by the number of latents ablated, and the probes. */
import type { FiguresFile, FiguresPoint } from "../../kinds/figures.ts"
import { ablatedNumbers } from "./perturbation-params.ts"
import type { ScrDirection } from "./scr-figures.ts"
import type { ScrMetrics } from "./scr-measurement.ts"

const pointOf = (n: number, value: ScrMetrics[string] | undefined): ReadonlyArray<FiguresPoint> => {
  if (value === undefined) return []
  if (typeof value === "number") return [{ x: n, y: value }]
  return "unmeasured" in value ? [] : [{ x: n, y: value.value, low: value.low, high: value.high }]
}

export const scrCurves = (hook: string, directions: ReadonlyArray<ScrDirection>, metrics: ScrMetrics): FiguresFile => {
  const line = (name: string, metric: string) => ({
    name,
    line: true,
    points: ablatedNumbers.flatMap((n) => pointOf(n, metrics[`${metric}_threshold_${n}`]))
  })
  return {
    format: 1,
    title: `Spurious correlation removal at ${hook}`,
    note: "A probe of texts that have both attributes or neither; latents of the one are ablated, and it is measured how far the probe then comes to one of the other alone: 1, as good; 0, as before.",
    charts: [
      {
        title: "Share of the lost accuracy that comes back",
        x: { label: "latents ablated", log: true },
        y: { label: "share", log: false },
        series: [
          line("first attribute, the second's latents ablated", "scr_dir1"),
          line("second attribute, the first's latents ablated", "scr_dir2"),
          line("latents at random", "scr_random")
        ]
      }
    ],
    tables: [
      {
        title: "Probes",
        columns: ["told attribute", "accuracy of its own probe", "of the biased one", "latents of the other"],
        rows: directions.map(({ clean, original, ranked }, n) => [
          n === 0 ? "first" : "second",
          clean,
          original,
          ranked.length
        ])
      }
    ]
  }
}
