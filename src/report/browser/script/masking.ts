/** Whether slurs are covered: they are until the reader asks for them, for this visit. */
import { covered } from "../../page/masked-words.ts"
import { readable } from "../../page/readable-text.ts"

let asked = false

/** Of the same length as `text`. */
export const shownText = (text: string): string => (asked ? text : covered(text))

/** Of a sentence that may quote tokens. */
export const shownLabel = (text: string): string => readable(shownText(text))

export const isAsked = (): boolean => asked

export const ask = (wanted: boolean): void => {
  asked = wanted
}
