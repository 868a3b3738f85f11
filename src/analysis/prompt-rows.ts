/** Activations at the last token of texts. */
import { type RunnableModel, runModel } from "../model/run-model.ts"

/** Tokens that are read of a text at most: its last ones. */
const mostTokens = 64
const batchSize = 64

/**
 * Texts of one length or another side by side: what stands to the right of a token does not change it.
 *
 * @param hook a hook of one vector a position
 * @returns [texts, width], row-major, in the order of the texts
 */
export const promptRows = (
  model: RunnableModel,
  hook: string,
  texts: ReadonlyArray<Int32Array>,
  onTexts: (done: number) => void
): Float32Array => {
  const { bos, n_ctx } = model.info
  const start = bos === null ? [] : [bos]
  const ids = texts.map((text) => [...start, ...text.subarray(-Math.min(mostTokens, n_ctx - start.length))])
  const order = ids.map((_, i) => i).toSorted((a, b) => ids[a]!.length - ids[b]!.length || a - b)
  let [rows, width] = [new Float32Array(0), 0]
  for (let first = 0; first < order.length; first += batchSize) {
    const part = order.slice(first, first + batchSize)
    const time = Math.max(...part.map((i) => ids[i]!.length))
    const batch = new Int32Array(part.length * time)
    for (const [b, i] of part.entries()) batch.set(ids[i]!, b * time)
    const { activations } = runModel(model, { ids: batch, batch: part.length, time }, { hooks: [hook] })
    const found = activations[hook]!
    const values = found.dataSync<"float32">()
    width = values.length / batch.length
    if (first === 0) rows = new Float32Array(texts.length * width)
    for (const [b, i] of part.entries()) {
      const at = (b * time + ids[i]!.length - 1) * width
      rows.set(values.subarray(at, at + width), i * width)
    }
    found.dispose()
    onTexts(first + part.length)
  }
  return rows
}
