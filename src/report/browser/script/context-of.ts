/** The whole context that an example is from, where the page has it. */
import { contextAt } from "../../../kinds/dashboard/dashboard-text.ts"
import type { SubjectData } from "../browser-data.ts"
import type { ExampleData } from "../latent-data.ts"
import { unpackText } from "../packed-text.ts"
import { pagePart } from "./page-part.ts"

export interface WholeContext {
  readonly tokens: ReadonlyArray<number>
  /** Where the example begins in it. */
  readonly first: number
}

export const textOf = (id: string) => pagePart(id, unpackText)

/** Undefined where the example's tokens are not what stands there, and where there is no more than the example shows. */
export const contextOf = ({ text }: Pick<SubjectData, "text">, example: ExampleData): WholeContext | undefined => {
  const [position, pivot, tokens] = example
  const whole = text === undefined ? undefined : textOf(text)
  const ids = whole && contextAt(whole, position)
  if (whole === undefined || ids === undefined) return undefined
  const first = (position % whole.contextSize) - pivot - whole.leading
  const shown = [...ids.subarray(whole.leading)]
  const same = tokens.every((token, i) => shown[first + i] === token)
  return same && shown.length > tokens.length ? { tokens: shown, first } : undefined
}
