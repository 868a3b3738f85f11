/** The text that examples are from as the page holds it: base64 of whole numbers, context after context. */
import type { DashboardText } from "../../kinds/dashboard/dashboard-text.ts"
import { byteReader, byteWriter, bytesOf } from "./byte-stream.ts"

export const packText = ({ contextSize, leading, contexts, ids }: DashboardText): string => {
  const out = byteWriter()
  for (const number of [contextSize, leading, contexts.length]) out.uint(number)
  let before = 0
  for (const [i, context] of contexts.entries()) {
    out.uint(context - before)
    before = context
    for (let at = i * contextSize; at < (i + 1) * contextSize; at++) out.uint(ids[at] as number)
  }
  return Buffer.from(out.bytes).toString("base64")
}

export const unpackText = (packed: string): DashboardText => {
  const from = byteReader(bytesOf(packed))
  const [contextSize, leading, kept] = [from.uint(), from.uint(), from.uint()]
  const text = { contextSize, leading, contexts: new Int32Array(kept), ids: new Int32Array(kept * contextSize) }
  let context = 0
  for (let i = 0; i < kept; i++) {
    context += from.uint()
    text.contexts[i] = context
    for (let at = i * contextSize; at < (i + 1) * contextSize; at++) text.ids[at] = from.uint()
  }
  return text
}
