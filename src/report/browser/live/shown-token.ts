/** Texts of tokens as the live page writes them: covered as the rest of the page is, until its reader uncovers words. */
import type { Token } from "../../../explore/answers.ts"
import { covered } from "../../page/masked-words.ts"
import { readable, visible, visibleAlone } from "../../page/readable-text.ts"
import { tokenName } from "../token-name.ts"

const uncovered = (text: string): string => {
  const asked = document.querySelector(".uncover")?.getAttribute("aria-pressed") === "true"
  return asked ? text : covered(text)
}

export const shownToken = (text: string): string => visible(uncovered(text))

/** A sentence that may quote tokens. */
export const shownLabel = (text: string): string => readable(uncovered(text))

/** Where it stands alone: one that is part of a character by its number. */
export const shownAlone = ({ id, text }: Token): string => visibleAlone(uncovered(tokenName({ [id]: text }, id)))
