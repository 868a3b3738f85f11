/** The browser of latents. */
import type { BrowserData, SubjectData } from "../browser-data.ts"
import type { ExploredMeta } from "./explored-meta.ts"
import { f1LowerBound } from "./f1-lower-bound.ts"
import { latentDetail } from "./latent-detail.ts"
import type { OnChoice } from "./links.ts"
import { type Group, type ListBrowser, listBrowser } from "./list-browser.ts"
import type { ListedLatent } from "./listed-latents.ts"
import { shownText } from "./masking.ts"
import { percentText } from "./number-text.ts"
import { tokenText } from "./tokens.ts"

/** 95 % lower bound, -1 where there is no score. */
const f1 = ({ score }: ListedLatent): number => {
  if (score === null) return -1
  const [, , , , , found = 0, wrong = 0, missed = 0] = score
  return f1LowerBound(found, wrong, missed)
}

/** What has no score comes last here as well. */
const worst = (latent: ListedLatent): number => (latent.score === null ? Number.MAX_VALUE : f1(latent))

const detailOf = (latent: ListedLatent, subject: SubjectData, index: number, metas: ReadonlyArray<ExploredMeta>) => {
  const whole = latent.whole()
  return whole === undefined ? ["The page is still being read."] : latentDetail(whole, subject, index, metas)
}

export const browseLatents = (
  place: HTMLElement,
  data: BrowserData,
  listed: ReadonlyArray<ReadonlyArray<ListedLatent>>,
  metas: ReadonlyArray<ExploredMeta>,
  onChoice: OnChoice
): ListBrowser => {
  const opens = data.subjects.findIndex(({ latents }) => latents.length > 0)
  const haystacks = new WeakMap<ListedLatent, string>()
  return listBrowser<ListedLatent, SubjectData & Group<ListedLatent>>({
    place,
    name: "latents",
    groups: data.subjects.map((subject, index) => ({ ...subject, items: listed[index] ?? [] })),
    opens: opens < 0 ? undefined : opens,
    orders: [
      { label: "Best explained first", compare: (a, b) => f1(b) - f1(a) || a.id - b.id },
      { label: "Worst explained first", compare: (a, b) => worst(a) - worst(b) || a.id - b.id },
      { label: "Most frequent first", compare: (a, b) => b.density - a.density || a.id - b.id },
      { label: "Rarest first", compare: (a, b) => a.density - b.density || a.id - b.id },
      { label: "Strongest first", compare: (a, b) => b.max - a.max || a.id - b.id },
      { label: "By number", compare: (a, b) => a.id - b.id }
    ],
    describe: (latent) => ({
      id: String(latent.id),
      value:
        latent.score === null
          ? `${latent.explained ? "not scored, " : ""}fires on ${percentText(latent.density)}`
          : `F1 ${(latent.score[0] ?? 0).toFixed(2)}, at least ${f1(latent).toFixed(2)}`,
      what: shownText(latent.text)
    }),
    detail: (latent, subject, index) => detailOf(latent, subject, index, metas),
    haystack: (latent, { texts }) => {
      const known = haystacks.get(latent)
      if (known !== undefined) return known
      // Examples of the others are not read for a search.
      const { top = [] } = latent.explained ? (latent.whole() ?? {}) : {}
      const examples = top.map(([, , tokens]) => tokens.map((id) => tokenText(texts, id)).join(""))
      const tokens = [...latent.fires, ...latent.promotes].map((id) => tokenText(texts, id))
      const text = [latent.id, latent.text, ...examples, ...tokens].join("\n").toLowerCase()
      haystacks.set(latent, text)
      return text
    },
    onChoice: (group, item, view) => onChoice(group, item?.id, view)
  })
}
