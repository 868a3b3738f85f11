/** Mean cross entropy of a stored model on contexts that are there, beside that of a Kneser-Ney bigram of the others. */
import * as tf from "@tensorflow/tfjs-core"
import { kneserNeyBigram } from "../../text/kneser-ney.ts"
import { type RunnableModel, runModel } from "../run-model.ts"
import type { TokenContexts } from "./token-rows.ts"

const batch = 32

/** @returns nats a token that is of a document, in the model and in the bigram */
export const tokenLoss = (
  model: RunnableModel,
  heldOut: TokenContexts,
  train: Int32Array
): { readonly loss: number; readonly bigramLoss: number; readonly tokens: number } => {
  const { ids, documents, context } = heldOut
  const contexts = ids.length / context
  const bigram = kneserNeyBigram(train, model.info.d_vocab)
  let [sum, bigramSum, tokens] = [0, 0, 0]
  for (let first = 0; first < contexts; first += batch) {
    const count = Math.min(batch, contexts - first)
    const block = ids.subarray(first * context, (first + count) * context)
    const scores = tf.tidy(() => {
      const logits = runModel(model, { ids: block, batch: count, time: context }, { logits: true })
        .logits as tf.Tensor3D
      const next = tf.oneHot(
        tf.tensor1d(
          Int32Array.from(block, (_, i) => block[i + 1] ?? 0),
          "int32"
        ),
        model.info.d_vocab
      )
      const ofNext = tf.sum(tf.mul(tf.reshape(logits, [count * context, -1]), next), 1)
      return tf
        .sub(tf.reshape(tf.logSumExp(logits, 2), [count * context]), ofNext)
        .dataSync<"float32">()
        .slice()
    })
    for (let i = 0; i + 1 < block.length; i++) {
      const at = first * context + i
      if ((i + 1) % context === 0 || documents[at + 1] === -1) continue
      sum += scores[i] as number
      bigramSum -= bigram.logProbability(block[i] as number, block[i + 1] as number)
      tokens++
    }
  }
  return { loss: sum / tokens, bigramLoss: bigramSum / tokens, tokens }
}
