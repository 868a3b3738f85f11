/** Examples for people: a window of text around a firing, with the latent's activation on every token in it. */
import type { ActivatingExample } from "../kinds/interpretations.ts"
import type { Firings } from "./firings.ts"
import { activationAt } from "./firings.ts"
import type { TokenStream } from "./token-stream.ts"
import { textStart } from "./token-stream.ts"

/** Four significant digits: enough to colour and to compare, and a third of the bytes. */
export const rounded = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(4)))

export interface Window {
  /** Tokens shown left and right of the activating token, where the context has them. */
  readonly left: number
  readonly right: number
}

export const exampleWindow = (
  stream: TokenStream,
  firings: Firings,
  position: number,
  { left, right }: Window
): ActivatingExample => {
  const start = textStart(stream, position)
  const end = start - stream.leading + stream.contextSize
  const first = Math.max(start, position - left)
  const last = Math.min(end - 1, position + right)
  const places = Array.from({ length: last - first + 1 }, (_, i) => first + i)
  return {
    position,
    pivot: position - first,
    tokens: places.map((place) => stream.ids[place] as number),
    activations: places.map((place) => rounded(activationAt(firings, place)))
  }
}
