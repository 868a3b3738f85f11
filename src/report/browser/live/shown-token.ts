/** Texts of tokens as the live page writes them: covered as the rest of the page is, until its reader uncovers words. */
import type { Token } from "../../../explore/answers.ts"
import { covered } from "../../page/masked-words.ts"
import { tokenName } from "../token-name.ts"

export const shownToken = (text: string): string => {
  const asked = document.querySelector(".uncover")?.getAttribute("aria-pressed") === "true"
  return (asked ? text : covered(text)).replace(/\n/g, "↵").replace(/\t/g, "⇥")
}

/** Where it stands alone: one that is part of a character by its number. */
export const shownAlone = ({ id, text }: Token): string => shownToken(tokenName({ [id]: text }, id))
