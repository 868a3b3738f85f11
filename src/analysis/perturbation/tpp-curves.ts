/** What evaluate-tpp draws: the accuracy lost by the number of latents ablated, and the classes. */
import type { FiguresFile } from "../../kinds/figures.ts"
import { percentText } from "../../words/percent-text.ts"
import type { OpenedTexts } from "./open-texts.ts"
import { ablatedNumbers } from "./perturbation-params.ts"
import type { PerturbedProbes } from "./tpp-figures.ts"
import type { TppMeasurement } from "./tpp-measurement.ts"

/** @param heldOut share of the documents that probes are tested on */
export const tppCurves = (
  { hook, d_sae, classes }: OpenedTexts,
  { clean, ranked }: PerturbedProbes,
  { values, intervals }: TppMeasurement,
  heldOut: number
): FiguresFile => {
  const point = (x: number, name: string) => ({ x, y: values[name]!, ...intervals[name] })
  const line = (name: string, ending: string) => ({
    name,
    line: true,
    points: ablatedNumbers.filter((n) => n <= d_sae).map((n) => point(n, `tpp_threshold_${n}_${ending}`))
  })
  return {
    format: 1,
    title: `Targeted probe perturbation at ${hook}`,
    note: `Probes of ${classes.map(({ name }) => name).join(", ")} with latents of one class ablated: the fall of that class's accuracy less that of the others', mean over classes. Probes see ${percentText(1 - heldOut)} of the documents, accuracy is of the others.`,
    charts: [
      {
        title: "Accuracy lost by the number of latents ablated",
        x: { label: "latents", log: true },
        y: { label: "accuracy", log: false },
        series: [
          line("own class less others", "total_metric"),
          line("own class", "intended_diff_only"),
          line("other classes", "unintended_diff_only"),
          line("documents dealt out anew", "shuffled"),
          line("latents at random", "random")
        ]
      }
    ],
    tables: [
      {
        title: "Classes",
        columns: ["class", "training texts", "test texts", "accuracy of its probe", "latents that speak for it"],
        rows: classes.map(({ name, train, test }, c) => [name, train.length, test.length, clean[c]!, ranked[c]!.length])
      }
    ]
  }
}
