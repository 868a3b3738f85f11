/** The browser of latents. */
import type { BrowserData, LatentData } from "../browser-data.ts"
import { latentDetail } from "./latent-detail.ts"
import { type ListBrowser, listBrowser } from "./list-browser.ts"
import { tokenText } from "./tokens.ts"

const f1 = ({ score }: LatentData): number => score?.[0] ?? -1

export const browseLatents = (
  place: HTMLElement,
  data: BrowserData,
  onChoice: (group: number, id: number) => void
): ListBrowser<LatentData> => {
  const haystacks = new WeakMap<LatentData, string>()
  return listBrowser({
    place,
    name: "latents",
    groups: data.subjects.map((subject) => ({ ...subject, items: subject.latents })),
    orders: [
      { label: "Best explained first", compare: (a, b) => f1(b) - f1(a) || a.id - b.id },
      { label: "Worst explained first", compare: (a, b) => f1(a) - f1(b) || a.id - b.id },
      { label: "Most frequent first", compare: (a, b) => b.density - a.density || a.id - b.id },
      { label: "Rarest first", compare: (a, b) => a.density - b.density || a.id - b.id },
      { label: "Strongest first", compare: (a, b) => b.max - a.max || a.id - b.id },
      { label: "By number", compare: (a, b) => a.id - b.id }
    ],
    describe: (latent) => ({
      id: String(latent.id),
      value: latent.score === null ? "not scored" : `F1 ${f1(latent).toFixed(2)}`,
      what: latent.text
    }),
    detail: (latent, subject, index) => latentDetail(latent, subject, index, data),
    haystack: (latent, { texts }) => {
      const known = haystacks.get(latent)
      if (known !== undefined) return known
      const examples = latent.top.map(([, , tokens]) => tokens.map((id) => tokenText(texts, id)).join(""))
      const promoted = latent.promoted.map(([id]) => tokenText(texts, id))
      const text = [latent.id, latent.text, ...examples, ...promoted].join("\n").toLowerCase()
      haystacks.set(latent, text)
      return text
    },
    onChoice: (group, { id }) => onChoice(group, id)
  })
}
