/** How a report shows hedging: each narrow latent's change beside the part of it that new latents span. */
import type { FiguresFile } from "../../kinds/figures.ts"
import { type Hedging, type HedgingFigures, randomPart } from "./hedging.ts"

/** Latents that are drawn: those that changed most. */
const drawn = 500
/** Latents that are listed: those of which the new latents took most. */
const listed = 20

const known = (value: number): number | null => (Number.isFinite(value) ? value : null)

const by = (values: Float64Array) => [...values.keys()].toSorted((a, b) => values[b]! - values[a]! || a - b)

export const hedgingFile = (hedging: Hedging, figures: HedgingFigures, d: number): FiguresFile => {
  const { change, inNew, rank, replaced, taker, takerCosine } = hedging
  const most = by(change)[0]
  const reach = most === undefined ? 0 : change[most]!
  const random = randomPart(rank, d)
  return {
    format: 1,
    title: "Feature hedging",
    note:
      "A narrow SAE was trained on with new latents and without. What it had mixed into its latents of features that had none moves to the new ones: " +
      "decoder rows change within what these span, beyond what as many random directions would span of any change. Hedging is the mean of that " +
      "(Chanin et al., arXiv 2505.11756; values below zero are noise, and are not cut off; a latent that changed places with a new one hedged nothing by that, and is left out). Intervals are over latents of one training; seeds move it more.",
    charts: [
      {
        title: "Change of the narrow SAE's latents",
        x: { label: "change of the decoder row", log: false },
        y: { label: "part within the new latents' span", log: false },
        series: [
          {
            name: "latents",
            line: false,
            points: by(change)
              .slice(0, drawn)
              .map((i) => ({ x: change[i]!, y: inNew[i]! }))
          },
          {
            name: "random directions",
            line: true,
            points: [
              { x: 0, y: 0 },
              { x: reach, y: random * reach }
            ]
          }
        ]
      }
    ],
    tables: [
      {
        title: "Means over latents",
        columns: ["figure", "value"],
        rows: [
          ["hedging", known(figures.hedging)],
          ["the same with latents of other seeds in the new ones' place", known(figures.other_hedging)],
          ["hedged beyond that", known(figures.hedging_beyond_other)],
          ["over all latents, as published", figures.published_hedging],
          ["change within the new latents' span", known(figures.change_in_new)],
          ["the same of random directions", known(figures.random_in_new)],
          ["change of decoder rows", known(figures.decoder_change)],
          ["share of the squared change in that span, beyond random", known(figures.excess_share)],
          ["latents of the narrow SAE", change.length],
          ["of these replaced by a new one, and left out", replaced.reduce((sum, one) => sum + one, 0)],
          ["dimensions that the new latents span", rank],
          ["dimensions of a row", d]
        ]
      },
      {
        title: "Latents of which new ones took most",
        columns: [
          "latent",
          "change",
          "within the new latents' span",
          "nearest new latent",
          "cosine of the change with it",
          "replaced"
        ],
        rows: by(inNew)
          .slice(0, listed)
          .map((i) => [
            i,
            change[i]!,
            inNew[i]!,
            taker[i]! < change.length ? null : taker[i]!,
            takerCosine[i]!,
            replaced[i] === 1 ? "yes" : "no"
          ])
      }
    ]
  }
}
