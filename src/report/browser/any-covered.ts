/** Whether anything that the browsers show is covered: the page offers to uncover words only then. */
import { covered } from "../page/masked-words.ts"
import type { BrowserData } from "./browser-data.ts"
import type { LatentData } from "./latent-data.ts"
import { firesLabel } from "./fires-label.ts"

const hidden = (text: string): boolean => covered(text) !== text

/**
 * Looks at what is shown as it is shown: tokens alone, labels, and examples as whole texts, since a word may be several
 * tokens of which none is a slur.
 *
 * @param contexts ids of each context that the page can show whole, with their subject
 * @param parts latents of each subject that the page reads later, beside those in `subjects`
 */
export const anyCovered = (
  subjects: BrowserData["subjects"],
  parts: ReadonlyArray<readonly [subject: number, latents: ReadonlyArray<Pick<LatentData, "top" | "bands">>]>,
  contexts: ReadonlyArray<readonly [subject: number, ids: Int32Array]>
): boolean => {
  const together = (tokens: Iterable<number>, texts: Readonly<Record<string, string>>): boolean =>
    hidden(Array.from(tokens, (token) => texts[token] ?? `#${token}`).join(""))
  const inExamples = (
    latents: ReadonlyArray<Pick<LatentData, "top" | "bands">>,
    texts: Readonly<Record<string, string>>
  ): boolean =>
    latents.some(({ top, bands }) =>
      [...top, ...bands.flatMap(([, , examples]) => examples)].some(([, , tokens]) => together(tokens, texts))
    )
  return (
    subjects.some(
      ({ texts, latents, others }) =>
        Object.values(texts).some(hidden) ||
        latents.some(({ text }) => hidden(text)) ||
        others?.fires.some((fires, i) => hidden(firesLabel(fires, others.promotes[i] ?? [], texts))) === true ||
        inExamples(latents, texts)
    ) ||
    parts.some(([subject, latents]) => inExamples(latents, subjects[subject]?.texts ?? {})) ||
    contexts.some(([subject, ids]) => together(ids, subjects[subject]?.texts ?? {}))
  )
}
