/** The charts and tables of evaluate-recall. */
import type { FiguresFile } from "../../kinds/figures.ts"
import type { BestHead } from "./best-head.ts"
import { type FactFigure, pointOf, share, valueOf } from "./fact-estimates.ts"
import type { HeldOutFacts } from "./held-out-facts.ts"
import type { Lookup } from "./lookup.ts"
import type { LookupShares } from "./lookup-shares.ts"
import type { ProbedPlace } from "./probed-place.ts"
import type { ToldByUnits } from "./told-by-units.ts"

export interface RecallFigures {
  readonly held: HeldOutFacts
  readonly chance: number
  readonly placeName: (position: number) => string
  /** The first is the name, the last where the question is asked. */
  readonly places: ReadonlyArray<ProbedPlace>
  /** Answers that the unembedding tells, before each block and after the last. */
  readonly lens: ReadonlyArray<FactFigure>
  readonly heads: BestHead
  readonly looked: ReadonlyArray<Lookup>
  readonly shares: LookupShares
  readonly neurons: ToldByUnits
  readonly latents: ToldByUnits | undefined
}

type Chart = FiguresFile["charts"][number]

const line = (name: string, values: ReadonlyArray<FactFigure>) => ({
  name,
  line: true,
  points: values.map((value, x) => pointOf(x, value))
})
const blocks = { label: "blocks before it", log: false }

const introduced = ({ places, placeName, lens, heads: { best, along } }: RecallFigures): Chart => ({
  title: "Introduced: answers told by a probe of the residual stream",
  x: blocks,
  y: { label: "accuracy", log: false },
  series: [
    ...places.map(({ position, probed }) => line(placeName(position), probed)),
    line(`answers of others, ${placeName(places[0]!.position)}`, places[0]!.control),
    line(`unembedding, ${placeName(places.at(-1)!.position)}`, lens),
    line(
      `head ${best.head} of block ${best.layer}, weights alone`,
      along.map(({ own }) => own)
    )
  ]
})

const boosted = ({ places, placeName }: RecallFigures): Chart => ({
  title: "Boosted: how far answers part along the last block's probe",
  x: blocks,
  y: { label: "margin", log: false },
  series: places.map(({ position, boosted }) => line(placeName(position), boosted))
})

const toldByFirst = ({ shares: { strongest }, placeName, neurons, latents }: RecallFigures): Chart => ({
  title: `Answers told by the first k neurons of block ${strongest.layer}, ${placeName(strongest.position)}`,
  x: { label: "neurons", log: true },
  y: { label: "accuracy", log: false },
  series: [
    { name: "neurons", line: true, points: neurons.by.map(({ k, own }) => pointOf(k, own)) },
    { name: "answers of others", line: true, points: neurons.by.map(({ k, control }) => pointOf(k, control)) },
    ...(latents === undefined
      ? []
      : [{ name: "latents", line: true, points: latents.by.map(({ k, own }) => pointOf(k, own)) }])
  ]
})

export const recallFigures = (found: RecallFigures): FiguresFile => {
  const { held, chance, placeName, looked, shares, heads } = found
  return {
    format: 1,
    title: "Recall of facts",
    note: `${held.answers.length} facts with ${held.classes} answers, by heart; the commonest answer is right for ${(100 * chance).toFixed(1)} %. Probes, heads and neurons are measured on people that nothing was fitted to.`,
    charts: [introduced(found), boosted(found), toldByFirst(found)],
    tables: [
      {
        title: "MLPs, ablated and patched",
        columns: ["MLPs", "at", "facts told without", "share of the margin that it brings to another name"],
        rows: looked.map((of) => [
          of.layer === undefined ? "all" : `block ${of.layer}`,
          placeName(of.position),
          valueOf(share(of.without)),
          valueOf(shares.restored(of))
        ])
      },
      {
        title: "Heads by their weights alone",
        columns: ["block", "head", "accuracy on people held out"],
        rows: heads.heads.map((of) => [of.layer, of.head, valueOf(share(held.onTest(of.right)))])
      }
    ]
  }
}
