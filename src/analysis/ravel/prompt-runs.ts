/**
 * Prompts of different lengths in one pass: what comes after a token changes nothing before it, so they are filled up at the end, and
 * what is read is read at each one's own places.
 */
import * as tf from "@tensorflow/tfjs-core"
import { type PassOptions, type RunnableModel, runModel, type TokenBatch } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"
import type { EntityPrompt } from "./entity-prompts.ts"
import { tellsLabel } from "./tells-label.ts"

export const finalHook = "ln_final.hook_normalized"

export type Replacements = NonNullable<PassOptions["replace"]>

/** @param more tokens after each prompt, as many for all */
export const tokenBatch = (
  prompts: ReadonlyArray<Pick<EntityPrompt, "ids">>,
  more: ReadonlyArray<ReadonlyArray<number>> = []
): TokenBatch => {
  const time = Math.max(...prompts.map(({ ids }, n) => ids.length + (more[n]?.length ?? 0)))
  const ids = new Int32Array(prompts.length * time)
  for (const [n, prompt] of prompts.entries()) {
    ids.set(prompt.ids, n * time)
    ids.set(more[n] ?? [], n * time + prompt.ids.length)
  }
  return { ids, batch: prompts.length, time }
}

/** [batch, time, 1]: 1 at one place of each text. Call in a tidy. */
const placeMask = (places: ReadonlyArray<number>, time: number): tf.Tensor3D =>
  tf.reshape(tf.oneHot(tf.tensor1d([...places], "int32"), time), [places.length, time, 1])

/** [batch, width]: the activation at one place of each text. Call in a tidy. */
export const rowsAt = (activation: tf.Tensor, places: ReadonlyArray<number>): tf.Tensor2D => {
  const [batch, time] = activation.shape as [number, number]
  const flat = tf.reshape<tf.Rank.R3>(activation, [batch, time, -1])
  return tf.sum(tf.mul(flat, placeMask(places, time)), 1)
}

/** The activation with other rows [batch, width] at one place of each text. Call in a tidy. */
export const withRowsAt = (activation: tf.Tensor, places: ReadonlyArray<number>, rows: tf.Tensor2D): tf.Tensor => {
  const [batch, time] = activation.shape as [number, number]
  const mask = placeMask(places, time)
  const flat = tf.reshape<tf.Rank.R3>(activation, [batch, time, -1])
  const there = tf.mul(tf.reshape(rows, [batch, 1, -1]), mask)
  return tf.reshape(tf.add(tf.mul(flat, tf.sub(1, mask)), there), activation.shape)
}

/** Activations [prompts, width] where each entity has been read. Synchronous. */
export const entityRows = (
  model: RunnableModel,
  hook: string,
  prompts: ReadonlyArray<EntityPrompt>,
  batch: number
): Float32Array => {
  const parts: Array<Float32Array> = []
  for (let first = 0; first < prompts.length; first += batch) {
    const some = prompts.slice(first, first + batch)
    tf.tidy(() => {
      const { activations } = runModel(model, tokenBatch(some), { hooks: [hook] })
      const found = activations[hook] as tf.Tensor
      parts.push(
        rowsAt(
          found,
          some.map(({ place }) => place)
        )
          .dataSync<"float32">()
          .slice()
      )
      found.dispose()
    })
  }
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export interface Completion {
  readonly tells: boolean
  readonly first: number
}

export interface CompletionOptions {
  /** What each prompt's completion should say. */
  readonly labels: ReadonlyArray<string>
  /** Tokens at most. */
  readonly tokens: number
  readonly decode: (ids: ReadonlyArray<number>) => string
  readonly replace?: Replacements
}

/** The most probable tokens after each prompt, until they have said the label or something else. Synchronous. */
export const completions = (
  model: RunnableModel,
  prompts: ReadonlyArray<EntityPrompt>,
  { labels, tokens, decode, replace = {} }: CompletionOptions
): ReadonlyArray<Completion> => {
  const said: ReadonlyArray<Array<number>> = prompts.map(() => [])
  const told: Array<boolean | undefined> = prompts.map(() => undefined)
  for (let step = 0; step < tokens && told.includes(undefined); step++) {
    const best = tf.tidy(() => {
      const { activations } = runModel(model, tokenBatch(prompts, said), { hooks: [finalHook], replace })
      const found = activations[finalHook] as tf.Tensor
      const last = rowsAt(
        found,
        prompts.map(({ ids }) => ids.length - 1 + step)
      )
      found.dispose()
      return tf.argMax(unembed(model, last), 1).dataSync<"int32">()
    })
    for (const [n, label] of labels.entries()) {
      said[n]!.push(best[n]!)
      told[n] ??= tellsLabel(decode(said[n]!), label, step === tokens - 1)
    }
  }
  return told.map((tells, n) => ({ tells: tells === true, first: said[n]![0]! }))
}
