/** The curve of stitched SAEs beside the trained family, as a report draws it. */
import type { FiguresChart, FiguresFile, FiguresPoint } from "../../kinds/figures.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { crossEntropyExcess, type MeasuredSae } from "./measure-saes.ts"
import type { MeasuredFamily } from "./measured-family.ts"

interface FamilySeries {
  readonly name: string
  readonly line: boolean
  readonly saes: ReadonlyArray<MeasuredSae>
}

type Place = (sae: MeasuredSae) => number

const ends = (interval: Interval | undefined) =>
  interval === undefined ? {} : { low: interval.low, high: interval.high }

const chart = (
  title: string,
  [label, x]: readonly [string, Place],
  [of, y]: readonly [string, (sae: MeasuredSae) => Omit<FiguresPoint, "x"> | undefined],
  series: ReadonlyArray<FamilySeries>
): FiguresChart => ({
  title,
  x: { label, log: false },
  y: { label: of, log: false },
  series: series.map(({ name, line, saes }) => ({
    name,
    line,
    points: saes.flatMap((sae) => {
      const at = y(sae)
      return at === undefined ? [] : [{ x: x(sae), ...at }]
    })
  }))
})

const ev = (sae: MeasuredSae) => ({ y: sae.explained_variance, ...ends(sae.intervals["explained_variance"]) })
/** On the same contexts: what one context is harder than another is no noise of the difference. */
const ceBeyond = (base: MeasuredSae) => (sae: MeasuredSae) => {
  if (sae.ce === undefined) return undefined
  const { ce, interval } = crossEntropyExcess([[sae, base]])
  return { y: ce, ...ends(interval) }
}
const latents = ["latents", (sae: MeasuredSae) => sae.latents] as const
const l0 = ["active latents a row", (sae: MeasuredSae) => sae.l0] as const

const seriesOf = ({ trained, chain, direct, merged }: MeasuredFamily): ReadonlyArray<FamilySeries> => [
  { name: "trained", line: false, saes: trained },
  { name: "chain through the family", line: true, saes: chain },
  ...(direct === undefined ? [] : [{ name: "smallest to largest", line: true, saes: direct }]),
  ...(merged.length === 0 ? [] : [{ name: "merged", line: false, saes: merged }])
]

const bySize = ({ trained, atSizes, merged }: MeasuredFamily) =>
  [
    ...trained.map((sae) => ({ name: "trained", sae })),
    ...atSizes.map((sae) => ({ name: "stitched", sae })),
    ...merged.map((sae) => ({ name: "merged", sae }))
  ].toSorted((a, b) => a.sae.latents - b.sae.latents)

export const familyFigures = (family: MeasuredFamily): FiguresFile => {
  const series = seriesOf(family)
  const ce = ceBeyond(family.trained.at(-1)!)
  return {
    format: 1,
    title: "Stitched SAEs beside the trained family",
    note: "Paths are chosen on training rows and measured on held-out ones, with 95 % intervals over documents. The chain passes through every trained SAE, the other one goes from the smallest to the largest at once. At equal size a stitched SAE may use more latents a row: compare it at equal L0 too.",
    charts: [
      chart("Explained variance by size", latents, ["explained variance", ev], series),
      chart("Explained variance by L0", l0, ["explained variance", ev], series),
      ...(series.some(({ saes }) => saes.some((sae) => sae.ce !== undefined))
        ? [
            chart("Cross-entropy by size", latents, ["nats a token beyond the largest trained SAE", ce], series),
            chart("Cross-entropy by L0", l0, ["nats a token beyond the largest trained SAE", ce], series)
          ]
        : [])
    ],
    tables: [
      {
        title: "At the sizes of the trained SAEs",
        columns: ["SAE", "latents", "L0", "MSE", "explained variance", "cross-entropy"],
        rows: bySize(family).map(({ name, sae }) => [
          name,
          sae.latents,
          sae.l0,
          sae.mse,
          sae.explained_variance,
          sae.ce ?? null
        ])
      }
    ]
  }
}
