/**
 * One SAE and its language model, asked by hand: which latents fire on a text, what those of a position do to the next token,
 * and how the model goes on where some are clamped.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { tidily } from "../tensor/tidily.ts"
import { activationsOf, unitOf } from "../analysis/steering/steered-pass.ts"
import { decoderLogits } from "../interp/decoder-logits.ts"
import type { SaeWeights } from "../kinds/sae/stored/sae-weights.ts"
import { generate, type GenerateOptions } from "../model/generate.ts"
import { logitGradient } from "../model/logit-gradient.ts"
import { type RunnableModel, runModel, type TokenBatch } from "../model/run-model.ts"
import type { SaeModel } from "../sae/sae-model.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import { makePattern, withValue } from "../tensor/kernels/sparse-pattern.ts"
import { joinedText } from "../text/joined-text.ts"
import type { TextTokenizer } from "../text/tokenizer.ts"
import type { ContinuationAnswer, Fired, PositionAnswer, TextAnswer, Token } from "./answers.ts"

export interface Explored {
  readonly model: RunnableModel
  readonly tokenizer: TextTokenizer
  readonly sae: SaeModel
  readonly weights: SaeWeights
  readonly hook: string
  /** Stands at position 0, as in the text that the SAE was trained on; null: nothing does. */
  readonly bos: number | null
  /** The text ends there. */
  readonly ends: ReadonlySet<number>
}

/** Longer texts are refused: somebody waits for the answer. */
export const MOST_TOKENS = 256
export const MOST_CONTINUED = 64
/** Latents of a position, and tokens that each promotes. */
const MOST_LATENTS = 24
const PROMOTED = 5
const EXPECTED = 5

const batchOf = (ids: ReadonlyArray<number>): TokenBatch => ({ ids: Int32Array.from(ids), batch: 1, time: ids.length })

/** The ids with the BOS, or why there are none. */
const idsOf = ({ tokenizer, bos, model }: Explored, text: string) => {
  const ids = [...(bos === null ? [] : [bos]), ...tokenizer.encode(text)]
  const most = Math.min(MOST_TOKENS, model.info.n_ctx)
  if (ids.length === (bos === null ? 0 : 1)) return Effect.fail(stageFailed("the text is empty", "Type a few words."))
  return ids.length > most
    ? Effect.fail(stageFailed(`the text is ${ids.length} tokens; ${most} are answered`, "Shorten it."))
    : Effect.succeed(ids)
}

const tokenOf = ({ tokenizer }: Explored, id: number): Token => ({ id, text: tokenizer.tokenText(id) })

/** Activation at the hook, [tokens, d_in]; call in a tidy. */
const rowsAt = ({ model, hook, sae }: Explored, ids: ReadonlyArray<number>): tf.Tensor2D => {
  const activation = runModel(model, batchOf(ids), { hooks: [hook] }).activations[hook] as tf.Tensor
  const rows = tf.reshape<tf.Rank.R2>(activation, [ids.length, sae.d_in])
  // Kept by the pass, so no tidy frees it.
  const copy = tf.clone(rows)
  activation.dispose()
  return copy
}

const firedOn = (sae: SaeModel, rows: tf.Tensor2D): ReadonlyArray<ReadonlyArray<Fired>> => {
  const { rowStart, latent, value } = sae.encode(rows)
  const values = value.dataSync<"float32">()
  value.dispose()
  return Array.from({ length: rows.shape[0] }, (_, row) =>
    Array.from({ length: (rowStart[row + 1] as number) - (rowStart[row] as number) }, (__, n): Fired => {
      const i = (rowStart[row] as number) + n
      return [latent[i] as number, values[i] as number]
    }).toSorted((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || a[0] - b[0])
  )
}

export const fire = Effect.fnUntraced(function* (explored: Explored, text: string) {
  const ids = yield* idsOf(explored, text)
  const fired = tidily(() => firedOn(explored.sae, rowsAt(explored, ids)))
  const leading = explored.bos === null ? 0 : 1
  return {
    leading,
    tokens: ids.map((id) => tokenOf(explored, id)),
    fired: fired.map((own, at) => (at < leading ? [] : own))
  } satisfies TextAnswer
})

/** Whether what the SAE gives goes back to where it was read: not a transcoder's. */
const goesBack = ({ weights, sae }: Explored): boolean => weights.transcoder === undefined && sae.d_out === sae.d_in

/** What each of these latents adds to the row by its activation, [latents, d_in]. Call in a tidy. */
const effects = (sae: SaeModel, row: tf.Tensor2D, fired: ReadonlyArray<Fired>): tf.Tensor2D => {
  const n = fired.length
  const rows = tf.tile(row, [n, 1])
  const one = withValue(
    makePattern(
      sae.d_sae,
      Int32Array.from({ length: n + 1 }, (_, i) => i),
      Int32Array.from(fired, ([latent]) => latent)
    ),
    tf.tensor1d(
      fired.map(([, activation]) => activation),
      "float32"
    )
  )
  const none = withValue(makePattern(sae.d_sae, new Int32Array(n + 1), new Int32Array(0)), tf.tensor1d([], "float32"))
  return tf.sub(sae.decode(one, rows), sae.decode(none, rows))
}

/** Most probable first. */
const expected = (explored: Explored, logits: Float32Array): PositionAnswer["next"] => {
  let largest = -Infinity
  for (const logit of logits) largest = Math.max(largest, logit)
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - largest)
  const best: Array<number> = []
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number
    if (best.length === EXPECTED && logit <= (logits[best.at(-1) as number] as number)) continue
    let at = best.length
    while (at > 0 && (logits[best[at - 1] as number] as number) < logit) at--
    best.splice(at, 0, id)
    if (best.length > EXPECTED) best.pop()
  }
  return best.map((id) => ({
    ...tokenOf(explored, id),
    probability: Math.exp((logits[id] as number) - largest) / sum
  }))
}

/** Logits of the last of the tokens. */
const lastLogits = (model: RunnableModel, ids: ReadonlyArray<number>): Float32Array => {
  const { logits } = runModel(model, batchOf(ids), { logits: true })
  const all = logits as tf.Tensor3D
  const last = tf.tidy(() => tf.slice(all, [0, ids.length - 1, 0], [1, 1, -1]).dataSync<"float32">())
  all.dispose()
  return last
}

/** @param position of a token, the BOS counted */
export const look = Effect.fnUntraced(function* (explored: Explored, text: string, position: number) {
  const all = yield* idsOf(explored, text)
  if (position >= all.length || (position === 0 && explored.bos !== null)) {
    return yield* stageFailed(`the text has no token at ${position} that an SAE is for`)
  }
  const { model, sae, hook, weights } = explored
  // What comes later changes nothing here.
  const ids = all.slice(0, position + 1)
  const next = expected(explored, lastLogits(model, ids))
  const target = next[0] as Token
  const { activation, gradient } = logitGradient(model, batchOf(ids), {
    hook,
    scalar: (logits) => {
      const last = tf.reshape<tf.Rank.R1>(tf.slice(logits, [0, position, 0], [1, 1, -1]), [-1])
      return tf.sub(tf.sum(tf.slice(last, [target.id], [1])), tf.mean(last))
    }
  })
  const answer = tidily(() => {
    const at = (tensor: tf.Tensor): tf.Tensor2D =>
      tf.slice(tf.reshape<tf.Rank.R2>(tensor, [ids.length, sae.d_in]), [position, 0], [1, sae.d_in])
    const row = at(activation)
    const fired = firedOn(sae, row)[0] ?? []
    const attributions =
      !goesBack(explored) || fired.length === 0
        ? undefined
        : tf.matMul(effects(sae, row, fired), at(gradient), false, true).dataSync<"float32">()
    return fired.map(([latent, value], i) => ({
      latent,
      activation: value,
      attribution: attributions === undefined ? null : (attributions[i] as number)
    }))
  })
  tf.dispose([activation, gradient])
  const latents = answer
    .toSorted((a, b) => Math.abs(b.attribution ?? b.activation) - Math.abs(a.attribution ?? a.activation))
    .slice(0, MOST_LATENTS)
  const logits = goesBack(explored)
    ? decoderLogits(
        model,
        { hook, W_dec: weights.W_dec, d_out: weights.d_in },
        latents.map(({ latent }) => latent),
        PROMOTED
      )
    : undefined
  return {
    next,
    target,
    latents: latents.map((each, i) => ({
      ...each,
      promoted: logits?.[i]?.promoted.map(({ token }) => tokenOf(explored, token)) ?? []
    }))
  } satisfies PositionAnswer
})

export interface Clamped {
  readonly latent: number
  readonly value: number
}

/**
 * Sets latents to values at every token but the BOS, and keeps what the SAE does not reconstruct (as stage `steer-latents`
 * does). Output is linear in the activations of a row, so that each latent adds what it lacks, as if it were alone.
 * `start`: position of the first token that the activation is of.
 */
const clamped =
  ({ sae, bos }: Explored, clamps: ReadonlyArray<Clamped>, start: number) =>
  (activation: tf.Tensor): tf.Tensor =>
    tf.tidy(() => {
      const tokens = activation.size / sae.d_in
      const rows = tf.reshape<tf.Rank.R2>(activation, [tokens, sae.d_in])
      const where = tf.tensor2d(
        Float32Array.from({ length: tokens }, (_, i) => (start + i === 0 && bos !== null ? 0 : 1)),
        [tokens, 1]
      )
      const added = clamps.map(({ latent, value }) =>
        tf.mul<tf.Tensor2D>(tf.sub(tf.scalar(value), activationsOf(sae, rows, latent)), unitOf(sae, rows, latent))
      )
      return tf.reshape(tf.add(rows, tf.mul(tf.addN([...added]), where)), activation.shape)
    })

export const goOn = Effect.fnUntraced(function* (
  explored: Explored,
  text: string,
  clamps: ReadonlyArray<Clamped>,
  length: number
) {
  const ids = yield* idsOf(explored, text)
  const { model, hook, sae, ends } = explored
  if (!goesBack(explored)) {
    return yield* stageFailed(
      "what a transcoder gives belongs at another hook than what it reads: its latents are not clamped here",
      "Choose an SAE that reconstructs what it reads."
    )
  }
  const missing = clamps.find(({ latent }) => latent >= sae.d_sae)
  if (missing !== undefined)
    return yield* stageFailed(`the SAE has ${sae.d_sae} latents: there is no ${missing.latent}`)
  const twice = clamps.find(({ latent }, i) => clamps.findIndex((other) => other.latent === latent) < i)
  if (twice !== undefined)
    return yield* stageFailed(`latent ${twice.latent} is clamped twice`, "Set each latent to one value.")
  const follow = (replace: Pick<GenerateOptions, "replace">) =>
    generate(model, ids, { max: length, stop: ends, ...replace }).pipe(
      Stream.map(({ id }) => id),
      Stream.runCollect,
      Effect.map((following) => ({
        tokens: following.map((id) => tokenOf(explored, id)),
        text: joinedText(explored.tokenizer, following)
      }))
    )
  return {
    unchanged: yield* follow({}),
    changed: yield* follow({
      replace: (start) => ({ [hook]: clamped(explored, clamps, start) })
    })
  } satisfies ContinuationAnswer
})
