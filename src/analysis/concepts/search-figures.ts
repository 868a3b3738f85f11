/** The figures of find-latents: the latents that were found, and what a draw in the place of what was searched for reaches. */
import type { FiguresFile } from "../../kinds/figures.ts"

interface ListedLatent {
  readonly latent: number
  readonly score: number
  readonly density: number
  readonly fires_on: ReadonlyArray<string>
  readonly neighbours: ReadonlyArray<{ readonly latent: number; readonly cosine: number }>
}

interface Search {
  readonly text: string | null
  readonly against: string | null
  readonly rule: string | null
}

/** @param control the 95th of so many draws; undefined where they could not be measured */
export const searchFigures = (
  { text, against, rule }: Search,
  listed: ReadonlyArray<ListedLatent>,
  control: number | undefined,
  draws: number
): FiguresFile => {
  const what =
    rule === null
      ? `${JSON.stringify(text)}${against === null ? "" : ` against ${JSON.stringify(against)}`}`
      : `the rule ${rule}`
  const [score, drawn] =
    rule === null
      ? [
          "Score: mean activation on the text less that on what it is told from, as a share of the latent's largest activation.",
          "draws of as many held-out rows in place of each text"
        ]
      : ["Score: F1 on held-out rows.", "shuffles of the answers"]
  const halves =
    against === null
      ? ": the best latent, chosen on half of the documents and scored on the other half, as in best_score"
      : ""
  return {
    format: 1,
    title: `Latents for ${what}`,
    note:
      control === undefined
        ? score
        : `${score} Of ${draws} ${drawn}, 95 reach ${control.toPrecision(3)} at most${halves}.`,
    charts: [],
    tables: [
      {
        title: "Latents",
        columns: ["latent", "score", "fires on (share of the rows)", "tokens", "nearest latents (cosine)"],
        rows: listed.map(({ latent, score: own, density, fires_on, neighbours }) => [
          String(latent),
          own,
          density,
          fires_on.map((token) => JSON.stringify(token)).join(" "),
          neighbours.map((other) => `${other.latent} (${other.cosine.toFixed(2)})`).join(", ")
        ])
      }
    ]
  }
}
