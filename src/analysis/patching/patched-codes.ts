/**
 * Corrupted prompts with some directions of a dictionary at the values that they have in the clean ones, at all positions:
 * x + Sum (clean code - corrupted code) W_dec, so that what the dictionary does not reconstruct stays.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { SaeModel } from "../../sae/sae-model.ts"
import { encodeLatents, type LatentCodes } from "../latent-codes.ts"
import { lastLogits, logitDifferences, type PromptBatch } from "./prompt-batch.ts"

export interface PatchedFigures {
  /** KL(clean prompt's answer || patched one's), nats, of each pair. */
  readonly kl: ReadonlyArray<number>
  readonly logit_difference: ReadonlyArray<number>
  /** Length of what is added, root mean square over the positions, of each pair. */
  readonly edit: ReadonlyArray<number>
}

export interface PatchedRun {
  /** Latents whose codes differ anywhere. */
  readonly latents: ReadonlyArray<number>
  /** With these latents patched. Synchronous. */
  readonly figures: (latents: Iterable<number>) => PatchedFigures
  readonly dispose: () => void
}

const differing = (a: LatentCodes, b: LatentCodes): ReadonlyArray<number> =>
  [...new Set([...a.latents, ...b.latents])].toSorted((x, y) => x - y)

/** Synchronous; the caller disposes of it. */
export const patchedRun = (model: RunnableModel, sae: SaeModel, hook: string, batch: PromptBatch): PatchedRun => {
  const d = sae.d_in
  const pairs = batch.correct.length
  const shape = [pairs, batch.clean.time]
  const at = (which: "clean" | "corrupted"): tf.Tensor =>
    runModel(model, batch[which], { hooks: [hook] }).activations[hook]!
  const [clean, corrupted] = [at("clean"), at("corrupted")]
  const [codes, before] = [clean, corrupted].map((x) => encodeLatents(x.dataSync<"float32">().slice(), sae)) as [
    LatentCodes,
    LatentCodes
  ]
  const latents = differing(codes, before)
  const place = new Map(latents.map((latent, n) => [latent, n]))
  const rows = shape[0]! * shape[1]!
  const change = new Float32Array(rows * latents.length)
  for (const [of, sign] of [
    [codes, 1],
    [before, -1]
  ] as const) {
    for (let row = 0; row < rows; row++) {
      for (let i = of.offsets[row]!; i < of.offsets[row + 1]!; i++) {
        change[row * latents.length + place.get(of.latents[i]!)!]! += sign * of.values[i]!
      }
    }
  }
  const [changes, directions, target] = tf.tidy(() => {
    const found = tf.gather(sae.W_dec, tf.tensor1d([...latents], "int32"))
    const logs = tf.logSoftmax(lastLogits(model, batch.clean))
    return [tf.keep(tf.tensor2d(change, [rows, latents.length])), tf.keep(found), tf.keep(logs)]
  }) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D]
  const whole = corrupted.shape
  clean.dispose()
  return {
    latents,
    figures: (patched) => {
      const found: Array<PatchedFigures> = []
      tf.tidy(() => {
        const mask = new Float32Array(latents.length)
        for (const latent of patched) {
          const n = place.get(latent)
          if (n !== undefined) mask[n] = 1
        }
        const added = tf.matMul(tf.mul<tf.Tensor2D>(changes, tf.tensor2d(mask, [1, latents.length])), directions)
        const there = tf.add(tf.reshape(corrupted, [rows, d]), added)
        const logits = lastLogits(model, batch.corrupted, { [hook]: tf.reshape(there, whole) })
        const kl = tf.sum(tf.mul(tf.exp(target), tf.sub(target, tf.logSoftmax(logits))), 1)
        const edit = tf.sqrt(tf.mean(tf.reshape(tf.sum(tf.square(added), 1), shape), 1))
        found.push({
          kl: Array.from(kl.dataSync<"float32">()),
          logit_difference: logitDifferences(logits, batch),
          edit: Array.from(edit.dataSync<"float32">())
        })
      })
      return found[0]!
    },
    dispose: () => tf.dispose([changes, directions, target, corrupted])
  }
}
