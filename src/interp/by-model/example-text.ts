/** Examples as a language model reads them: the tokens' text, with marks around those that are meant. */
import type { ActivatingExample } from "../../kinds/interpretations.ts"

export type TokenText = (token: number) => string

const [open, close] = ["<<", ">>"]

/** Tokens of `marked` stand in <<marks>>, neighbours in one pair (Delphi's form, arXiv 2410.13928 section 3). */
export const markedText = ({ tokens }: ActivatingExample, marked: ReadonlyArray<boolean>, text: TokenText): string =>
  tokens
    .map((token, i) => {
      const before = marked[i] === true && marked[i - 1] !== true ? open : ""
      const after = marked[i] === true && marked[i + 1] !== true ? close : ""
      return `${before}${text(token)}${after}`
    })
    .join("")

export const plainText = ({ tokens }: ActivatingExample, text: TokenText): string => tokens.map(text).join("")

/** Tokens on which the latent is at least this share of its maximum. */
export const activeTokens = ({ activations }: ActivatingExample, threshold: number): ReadonlyArray<boolean> =>
  activations.map((value) => value >= threshold && value > 0)
