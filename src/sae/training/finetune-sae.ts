/**
 * Trains an SAE for what the model does with its output instead of for the output alone: KL divergence or cross-entropy
 * through the model, as Braun et al. 2024 (arXiv 2405.12241), from an SAE that reconstructs already (Karvonen 2025).
 *
 * The model's gradient G by the output x_hat enters as a target: the squared error w mean |x_hat - t|^2 of t = x_hat -
 * (rows / 2 w) G has the gradient G. So every architecture with one reconstruction in its loss is trained by its own code,
 * straight-through estimators included.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { StoredSae } from "../../kinds/sae/stored/stored-sae.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { dataOrder, sampleSeed } from "../rows/data-order.ts"
import { cleanPass, endToEndGradient, type Objective, type SplicedContexts } from "./end-to-end-gradient.ts"
import { isHeldOut } from "../../activations/held-out-documents.ts"
import type { RowSource } from "../../activations/row-source.ts"
import { reconstructionWeight } from "../loss/reconstruction-weight.ts"
import type { TrainingOptions } from "../training-options.ts"
import { scaledRows } from "../rows/training-rows.ts"
import { startRun, type TrainingHooks } from "./training-run.ts"

export interface FinetuneOptions {
  readonly objective: Objective
  /** Weight of the reconstruction loss beside the objective. */
  readonly mse_coefficient: number
  /** Contexts of a step. */
  readonly contexts: number
}

/** All training contexts, with the tokens that are replaced and the predictions that count. */
const trainingContexts = Effect.fnUntraced(function* ({ contexts: tokens, split }: ActivationsHandle) {
  const heldOut = isHeldOut(split)
  const time = tokens.context_size
  const found: Array<{ readonly ids: Int32Array; readonly spliced: Uint8Array; readonly counted: Uint8Array }> = []
  const step = Math.max(1, Math.floor(65_536 / time))
  for (let first = 0; first < tokens.contexts; first += step) {
    const block = yield* tokens.read(first, step)
    for (let c = 0; c < block.count; c++) {
      const documents = block.documents.subarray(c * time, (c + 1) * time)
      const spliced = Uint8Array.from(documents, (document) => (document >= 0 && !heldOut(document, first + c) ? 1 : 0))
      const counted = spliced.map((splice, p) =>
        splice === 1 && p + 1 < time && documents[p + 1] === documents[p] ? 1 : 0
      )
      if (counted.includes(1)) found.push({ ids: block.ids.slice(c * time, (c + 1) * time), spliced, counted })
    }
  }
  return { time, found }
})

const indices = (parts: ReadonlyArray<Uint8Array>, time: number): Int32Array =>
  Int32Array.from(
    parts.flatMap((part, c) => [...part.entries()].flatMap(([p, is]) => (is === 1 ? [c * time + p] : [])))
  )

/** @param rows training rows of the same hook, for scale, variance and threshold */
export const finetuneSae = Effect.fnUntraced(function* (
  model: RunnableModel,
  activations: ActivationsHandle,
  rows: RowSource,
  init: StoredSae,
  training: TrainingOptions,
  { objective, mse_coefficient, contexts: perStep }: FinetuneOptions,
  hooks: TrainingHooks = {}
) {
  if (training.architecture.endToEnd === undefined) {
    return yield* stageFailed(
      `${training.architecture.name} cannot be trained end to end: its loss has several reconstructions`,
      "Fine-tune one whose loss has one reconstruction."
    )
  }
  const { time, found } = yield* trainingContexts(activations)
  if (found.length === 0) return yield* stageFailed("no training context has a token to predict", "Capture more text.")
  const scaled = scaledRows(rows, training.normalize)
  if (typeof scaled === "string") return yield* stageFailed(scaled)
  // What the auxiliary loss makes of the residual means nothing where the target stands for a gradient.
  const alone = { aux_coefficient: 0 }
  const run = yield* startRun(scaled, { ...training, ...alone }, hooks, init)
  const weight = reconstructionWeight(run.options, scaled.variance, scaled.d_out)
  const order = dataOrder(found.length, Math.min(perStep, found.length), training.seed)
  const { hook } = activations
  const { scale } = scaled

  while (run.steps() < run.options.steps) {
    const chosen = Array.from(order.batch(run.steps()), (i) => found[i] as (typeof found)[number])
    const ids = new Int32Array(chosen.length * time)
    for (const [c, context] of chosen.entries()) ids.set(context.ids, c * time)
    const of = (name: "spliced" | "counted") =>
      indices(
        chosen.map((context) => context[name]),
        time
      )
    const contexts: SplicedContexts = {
      ids,
      batch: chosen.length,
      time,
      spliced: of("spliced"),
      counted: of("counted")
    }
    const clean = cleanPass(model, hook, contexts)
    const x = tf.div<tf.Tensor2D>(clean.rows, scale)
    const { output, mse } = run.reconstruct(x)
    const inPlace = tf.mul<tf.Tensor2D>(output, scale)
    const { value, gradient } = endToEndGradient(model, hook, contexts, clean, inPlace, objective)
    const target = tf.tidy(() => {
      const byOutput = tf.mul(gradient, (scale * x.shape[0]) / (2 * weight))
      return tf.sub<tf.Tensor2D>(output, tf.add(tf.mul(tf.sub(output, x), mse_coefficient), byOutput))
    })
    tf.dispose([clean.rows, clean.activation, clean.logs, output, inPlace, gradient])
    yield* run.step({ x, target }, { loss: value + mse_coefficient * weight * mse, mse })
    tf.dispose([x, target])
  }
  const sample = scaled.batches(run.options.batch_rows, sampleSeed(training.seed))
  for (let i = 0; i < run.samples; i++) {
    const batch = yield* sample(i)
    run.sample(batch)
    tf.dispose([batch.x, batch.target])
  }
  return yield* run.finish()
}, Effect.scoped)
