/** What a probe makes of labelled texts, whole and with latents ablated, and means of it over documents that are drawn. */
import { ablatedLogit } from "./latent-effects.ts"
import type { LabelledTexts } from "./class-texts.ts"
import { type LinearProbe, probeLogit } from "./linear-probe.ts"

export interface MeasuredTexts {
  readonly texts: LabelledTexts
  /** Of each text. */
  readonly logits: ReadonlyArray<number>
}

export const measureTexts = (probe: LinearProbe, texts: LabelledTexts): MeasuredTexts => ({
  texts,
  logits: texts.texts.map(({ x }) => probeLogit(probe, x))
})

/** 1 where the probe is right, of each text. @param along of the probe the decoder rows, [d_sae] */
export const rightWithout = (
  { texts: { texts, positive }, logits }: MeasuredTexts,
  ablated: ReadonlySet<number>,
  along: Float64Array
): ReadonlyArray<number> =>
  texts.map((text, n) => (logits[n]! - ablatedLogit(text, ablated, along) > 0 === positive[n] ? 1 : 0))

/** A mean over texts as sums by document, so that documents can be drawn. */
export interface DocumentMean {
  readonly sums: Float64Array
  readonly counts: Float64Array
}

/** @param documents number of all documents */
export const meanByDocument = (
  { texts }: LabelledTexts,
  values: ReadonlyArray<number>,
  documents: number
): DocumentMean => {
  const [sums, counts] = [new Float64Array(documents), new Float64Array(documents)]
  for (const [n, { document }] of texts.entries()) {
    sums[document]! += values[n]!
    counts[document]! += 1
  }
  return { sums, counts }
}

/** @param times how often each document was drawn */
export const drawnMean = ({ sums, counts }: DocumentMean, times: ArrayLike<number>): number => {
  let [sum, count] = [0, 0]
  for (let document = 0; document < sums.length; document++) {
    sum += times[document]! * sums[document]!
    count += times[document]! * counts[document]!
  }
  return sum / count
}
