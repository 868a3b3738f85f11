/** Curves of steering for the report: effect by multiple, effect against damage, and each latent by itself. */
import type { FiguresFile } from "../../kinds/figures.ts"
import { latentMean } from "../comparison/latent-mean.ts"
import { rise, type SteeredPoint } from "./at-damage.ts"
import type { ChosenClamp } from "./choose-clamps.ts"

export interface SteeredLatent extends ChosenClamp {
  /** How the target reads. */
  readonly text: string
  readonly clean: SteeredPoint
  /** Of each multiple, ascending. */
  readonly steered: ReadonlyArray<SteeredPoint>
  readonly random: ReadonlyArray<SteeredPoint>
}

/** A token where its white space can be seen. */
const shown = (text: string): string => JSON.stringify(text)

export const steeringFigures = (
  title: string,
  latents: ReadonlyArray<SteeredLatent>,
  multiples: ReadonlyArray<number>
): FiguresFile => {
  type Direction = "steered" | "random"
  const meanOf = (of: (latent: SteeredLatent) => number) => {
    const { mean, low, high } = latentMean(latents.map(of))
    return low === null || high === null ? { y: mean } : { y: mean, low, high }
  }
  const riseOf = (which: Direction, n: number) => meanOf((latent) => rise(latent.clean, latent[which][n]!))
  const series = (
    x: (which: Direction, n: number) => number,
    y: (which: Direction, n: number) => ReturnType<typeof meanOf>
  ) =>
    (["steered", "random"] as const).map((which) => ({
      name: which === "steered" ? "latents" : "random directions of that length",
      line: true,
      points: multiples.map((_, n) => ({ x: x(which, n), ...y(which, n) }))
    }))
  const multiple = { label: "multiple of the largest activation", log: false }
  const effect = { label: "log of the target's probability by that as it is, nats", log: false }
  return {
    format: 1,
    title,
    note: `Means over ${latents.length} latents, clamped at every token; the target of each was chosen on other contexts. An effect counts for something where it is above that of random directions at equal damage.`,
    charts: [
      { title: "Effect by multiple", x: multiple, y: effect, series: series((_, n) => multiples[n]!, riseOf) },
      {
        title: "Effect against damage",
        x: { label: "KL from the model as it is, nats a prediction", log: false },
        y: effect,
        series: series((which, n) => meanOf((latent) => latent[which][n]!.kl).y, riseOf)
      },
      {
        title: "Perplexity of the text by that of the model as it is",
        x: multiple,
        y: { label: "ratio", log: true },
        series: series(
          (_, n) => multiples[n]!,
          (which, n) => meanOf((latent) => Math.exp(latent[which][n]!.ce - latent.clean.ce))
        )
      }
    ],
    tables: [
      {
        title: "Probability of the target by multiple",
        columns: ["latent", "target", "largest activation", "as it is", ...multiples.map((each) => `× ${each}`)],
        rows: latents.map(({ latent, text, largest, clean, steered }) => [
          String(latent),
          shown(text),
          largest,
          clean.probability,
          ...steered.map(({ probability }) => probability)
        ])
      }
    ]
  }
}
