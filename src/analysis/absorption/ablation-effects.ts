/**
 * What ablating a latent at the word would do to the model's answer, for all latents at once, by integrated gradients (Chanin
 * et al. 2409.14507, after Marks et al. 2403.19647). With m the letter's margin (`letterMargin`), only the word's activation
 * x = error + b_dec + sum_j f_j w_j changes. Along a path from all latents at work (a = 1) to none (a = 0), with g the mean
 * gradient of m over its points,
 *
 *     effect_j = -f_j (w_j . g),
 *
 * negative where the latent speaks for the right letter. Effects of all latents add up to m(a = 0) - m(a = 1), but for the
 * coarseness of the points.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { passGradient } from "../../model/pass-gradient.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import type { FirstLetterPrompts } from "../../text/first-letter/first-letter-prompts.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { reconstructLatents } from "../reconstruct-latents.ts"
import { finalHook, letterMargin } from "./letter-margin.ts"
import { wordOnwards } from "./word-onwards.ts"

export interface AblationPath {
  /** Where gradients are taken. */
  readonly points: ReadonlyArray<number>
  /**
   * Whether the SAE's error stays: x(a) = error + b_dec + a sum f w. Else it goes with the latents: x(a) = b_dec + a (x - b_dec).
   */
  readonly keepsError: boolean
}

const steps = 6

/** Midpoints: exact where the gradient changes evenly. */
export const errorKept: AblationPath = {
  points: Array.from({ length: steps }, (_, n) => (n + 0.5) / steps),
  keepsError: true
}

/** The path of the paper's code (sae-spelling, `_get_interpolation_acts`): from the full activation on, never at none. */
export const asSaeSpelling: AblationPath = {
  points: Array.from({ length: steps }, (_, n) => 1 - n / steps),
  keepsError: false
}

/** Words to a pass; each takes as many contexts as the path has points, of the tokens from the word on. */
const wordsAtOnce = 16

export interface AblationSubject {
  readonly model: RunnableModel
  readonly prompts: FirstLetterPrompts
  /** A hook of one vector a position, which the SAE reads. */
  readonly hook: string
  readonly codes: LatentCodes
  readonly weights: Pick<SaeWeights, "W_dec" | "b_dec" | "d_in">
}

/** A word: its prompt, and its row of the codes. */
export interface AblatedWord {
  readonly prompt: number
  readonly row: number
}

/**
 * @param onWords is told how many words are done
 * @returns for each word the effects of the latents of its row, in their order, in units of the logits
 */
export const ablationEffects = (
  { model, prompts, hook, codes, weights }: AblationSubject,
  words: ReadonlyArray<AblatedWord>,
  { points, keepsError }: AblationPath,
  onWords: (done: number) => void = () => {}
): ReadonlyArray<Float64Array> => {
  const { W_dec, b_dec, d_in: d } = weights
  const reconstructed = keepsError ? reconstructLatents(codes, weights) : undefined
  const margin = letterMargin(model, prompts.answerIds)
  const effects: Array<Float64Array> = []
  for (let first = 0; first < words.length; first += wordsAtOnce) {
    const some = words.slice(first, first + wordsAtOnce)
    const onwards = wordOnwards(
      model,
      prompts,
      some.map(({ prompt }) => prompt)
    )
    const { time, word: wordPosition, tokens, after } = onwards
    const own = tf.tidy(() => {
      const { activations } = runModel(model, tokens(), { hooks: [hook], ...after })
      const x = activations[hook] as tf.Tensor
      const values = x.dataSync<"float32">().slice()
      x.dispose()
      return values
    })
    const size = time * d
    const path = new Float32Array(some.length * points.length * size)
    some.forEach(({ row }, n) => {
      const word = (n * time + wordPosition) * d
      // What shrinks along the path: the latents' share of the word, or all of it but b_dec.
      const shrinks = reconstructed?.subarray(row * d, (row + 1) * d) ?? own.subarray(word, word + d)
      points.forEach((a, p) => {
        const to = (n * points.length + p) * size
        path.set(own.subarray(n * size, (n + 1) * size), to)
        for (let i = 0; i < d; i++) path[to + wordPosition * d + i]! -= (1 - a) * (shrinks[i]! - b_dec[i]!)
      })
    })
    const gradients = tf.tidy(() => {
      const batch = some.length * points.length
      const letters = some.flatMap(({ prompt }) => points.map(() => prompts.letters[prompt]!))
      const { gradient, activation } = passGradient(model, tokens(points.length), {
        ...after,
        hook,
        at: tf.tensor3d(path, [batch, time, d]),
        wants: { hooks: [finalHook] },
        scalar: ({ activations }) => margin.sum(activations[finalHook] as tf.Tensor, letters)
      })
      const atWord = tf.reshape(tf.slice(gradient, [0, wordPosition, 0], [batch, 1, d]), [
        some.length,
        points.length,
        d
      ])
      const values = tf.mean(atWord, 1).dataSync<"float32">().slice()
      tf.dispose([gradient, activation])
      return values
    })
    some.forEach(({ row }, n) => {
      const [from, to] = [codes.offsets[row]!, codes.offsets[row + 1]!]
      effects.push(
        Float64Array.from({ length: to - from }, (_, entry) => {
          const w = codes.latents[from + entry]! * d
          let slope = 0
          for (let i = 0; i < d; i++) slope += W_dec[w + i]! * gradients[n * d + i]!
          return -codes.values[from + entry]! * slope
        })
      )
    })
    onwards.dispose()
    onWords(first + some.length)
  }
  margin.dispose()
  return effects
}
