/**
 * Mean cross entropy of a model on a token stream, in contexts of full length that do not overlap, each begun by the
 * end-of-text token. The first token of a context is predicted from that token alone.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type RunnableModel, runModel } from "../run-model.ts"

export interface HeldOutLoss {
  /** Nats a token. */
  readonly loss: number
  /** Of each prediction, in nats, and which text of the stream its token is from; the end of a text belongs to what begins after it. */
  readonly losses: Float64Array
  readonly texts: Int32Array
  readonly tokens: number
  /** The token before each one that was predicted, and that one: what a baseline must predict. */
  readonly pairs: ReadonlyArray<readonly [previous: number, next: number]>
}

/** @param limit greatest number of contexts, spread evenly over the stream */
export const heldOutLoss = (
  model: RunnableModel,
  stream: Int32Array,
  endOfText: number,
  context: number,
  limit: number,
  batch = 16
): HeldOutLoss => {
  const width = context - 1
  const available = Math.floor((stream.length - 1) / width)
  const contexts = Math.min(available, limit)
  if (contexts < 1) throw new RangeError(`${stream.length} tokens do not fill one context of ${context}`)
  const pairs: Array<readonly [number, number]> = []
  const losses = new Float64Array(contexts * width)
  const texts = new Int32Array(contexts * width)
  const textOf = new Int32Array(stream.length)
  for (let i = 1; i < stream.length; i++) textOf[i] = (textOf[i - 1] as number) + (stream[i] === endOfText ? 1 : 0)
  for (let first = 0; first < contexts; first += batch) {
    const count = Math.min(batch, contexts - first)
    const ids = new Int32Array(count * context)
    const targets = new Int32Array(count * width)
    for (let c = 0; c < count; c++) {
      const start = 1 + Math.floor(((first + c) * available) / contexts) * width
      ids[c * context] = endOfText
      ids.set(stream.subarray(start, start + width), c * context + 1)
      targets.set(stream.subarray(start, start + width), c * width)
      texts.set(textOf.subarray(start, start + width), (first + c) * width)
      for (let i = 0; i < width; i++) pairs.push([stream[start + i - 1] as number, stream[start + i] as number])
    }
    tf.tidy(() => {
      const logits = runModel(model, { ids, batch: count, time: context }, { logits: true }).logits as tf.Tensor3D
      const used = tf.reshape(tf.slice(logits, [0, 0, 0], [count, width, -1]), [count * width, -1])
      logits.dispose()
      const ofTarget = tf.sum(tf.mul(used, tf.oneHot(tf.tensor1d(targets, "int32"), model.info.d_vocab)), 1)
      losses.set(tf.sub(tf.logSumExp(used, 1), ofTarget).dataSync(), first * width)
    })
  }
  const loss = losses.reduce((sum, each) => sum + each, 0) / losses.length
  return { loss, losses, texts, tokens: contexts * width, pairs }
}
