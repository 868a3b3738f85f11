/** The browser of latents: a list, what each is, and where they lie on the map of decoder directions. */
import type { BrowserData, SubjectData } from "../browser-data.ts"
import type { ExploredMeta } from "./explored-meta.ts"
import { explainedAtLeast } from "./explained-at-least.ts"
import { latentDetail } from "./latent-detail.ts"
import { latentMap } from "./latent-map.ts"
import type { OnChoice } from "./links.ts"
import { type Group, type Kept, type ListBrowser, listBrowser } from "./list-browser.ts"
import type { ListedLatent } from "./listed-latents.ts"
import { shownLabel } from "./masking.ts"
import { percentText } from "./number-text.ts"
import { stepName, stepsOf } from "./stitched.ts"
import { tokenName } from "../token-name.ts"

/** What has no score comes last here as well. */
const worst = (latent: ListedLatent): number => (latent.score === null ? Number.MAX_VALUE : explainedAtLeast(latent))

const detailOf = (latent: ListedLatent, data: BrowserData, index: number, metas: ReadonlyArray<ExploredMeta>) => {
  const whole = latent.whole()
  return whole === undefined ? ["The page is still being read."] : latentDetail(whole, data, index, metas)
}

/** Parts of an SAE's latents that can be listed alone. */
const partsOf = ({ novel, absorption = [] }: SubjectData): ReadonlyArray<Kept<ListedLatent>> => {
  const [isNovel, stands, absorbs] = [
    new Set(novel),
    new Set(absorption.flatMap(([id, , words]) => (words === null ? [id] : []))),
    new Set(absorption.flatMap(([id, , words]) => (words === null ? [] : [id])))
  ]
  return [
    { key: "explained", label: "With an explanation", keeps: ({ explained }) => explained },
    { key: "unexplained", label: "Without an explanation", keeps: ({ explained }) => !explained },
    ...(novel === undefined
      ? []
      : [
          { key: "novel", label: "Novel in the stitching", keeps: ({ id }: ListedLatent) => isNovel.has(id) },
          {
            key: "reconstruction",
            label: "Reconstruction in the stitching",
            keeps: ({ id }: ListedLatent) => !isNovel.has(id)
          }
        ]),
    { key: "letters", label: "Stand for a letter or class", keeps: ({ id }) => stands.has(id) },
    { key: "absorb", label: "Absorb a letter or class", keeps: ({ id }) => absorbs.has(id) }
  ]
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
  return listBrowser<ListedLatent, SubjectData & Group<ListedLatent> & { readonly index: number }>({
    place,
    name: "latents",
    groups: data.subjects.map((subject, index) => ({ ...subject, index, items: listed[index] ?? [] })),
    opens: opens < 0 ? undefined : opens,
    orders: [
      { label: "Best explained first", compare: (a, b) => explainedAtLeast(b) - explainedAtLeast(a) || a.id - b.id },
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
          : `F1 ${(latent.score[0] ?? 0).toFixed(2)}, at least ${explainedAtLeast(latent).toFixed(2)}`,
      what: shownLabel(latent.text)
    }),
    detail: (latent, _subject, index) => detailOf(latent, data, index, metas),
    haystack: (latent, { texts, index }) => {
      const known = haystacks.get(latent)
      if (known !== undefined) return known
      // Examples of the others are not read for a search.
      const { top = [] } = latent.explained ? (latent.whole() ?? {}) : {}
      const examples = top.map(([, , tokens]) => tokens.map((id) => tokenName(texts, id)).join(""))
      const tokens = [...latent.fires, ...latent.promotes].map((id) => tokenName(texts, id))
      const steps = stepsOf(data.stitched, index, latent.id).map(stepName)
      const text = [latent.id, latent.text, ...examples, ...tokens, ...steps].join("\n").toLowerCase()
      haystacks.set(latent, text)
      return text
    },
    only: partsOf,
    mapped: (subject, index) => latentMap(subject, listed[index] ?? []),
    onChoice: (group, item, view) => onChoice(group, item?.id, view)
  })
}
