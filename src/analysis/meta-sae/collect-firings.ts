/** Where latents fire in contexts of text, and the activations that the model has there. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { EvaluationContext } from "../../sae/evaluate/evaluation-contexts.ts"
import type { SaeModel } from "../../sae/sae-model.ts"
import { breathe } from "../../stage/breathe.ts"
import { encodeLatents } from "../latent-codes.ts"

export interface Firing {
  readonly context: number
  readonly position: number
  readonly activation: number
}

/** @returns of each latent its firings, at tokens whose next one is to be predicted; and how many such tokens there are */
export const collectFirings = Effect.fnUntraced(function* (
  model: RunnableModel,
  sae: SaeModel,
  hook: string,
  contexts: ReadonlyArray<EvaluationContext>,
  onContexts: (done: number) => void
) {
  const firings = Array.from({ length: sae.d_sae }, (): Array<Firing> => [])
  let rows = 0
  for (const [context, { ids, counted }] of contexts.entries()) {
    const time = ids.length
    const x = tf.tidy(() => {
      const { activations } = runModel(model, { ids, batch: 1, time }, { hooks: [hook] })
      const values = activations[hook]!.dataSync<"float32">().slice()
      tf.dispose(activations)
      return values
    })
    const codes = encodeLatents(x, sae)
    for (let position = 0; position < time; position++) {
      if (counted[position] !== 1) continue
      rows++
      for (let at = codes.offsets[position]!; at < codes.offsets[position + 1]!; at++) {
        firings[codes.latents[at]!]!.push({ context, position, activation: codes.values[at]! })
      }
    }
    onContexts(context + 1)
    yield* breathe
  }
  return { firings, rows }
})
