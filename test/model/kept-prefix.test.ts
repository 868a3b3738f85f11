import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { beforeAll, describe, expect } from "vitest"
import { generate, type GenerateOptions } from "../../src/model/generate.ts"
import { hookPoints } from "../../src/model/hook-name.ts"
import { passGradient } from "../../src/model/pass-gradient.ts"
import { type PassOptions, type RunnableModel, runModel, type TokenBatch } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { families, ownGolden, twoTexts } from "./own-golden.ts"

beforeAll(loadTestEngine)

/** Tokens `from` to `to` of every context. */
const between = ({ ids, batch, time }: TokenBatch, from: number, to: number): TokenBatch => ({
  ids: Int32Array.from({ length: batch * (to - from) }, (_, i) => {
    const [b, t] = [Math.floor(i / (to - from)), i % (to - from)]
    return ids[b * time + from + t]!
  }),
  batch,
  time: to - from
})

/** Contexts of `x` [batch, time, ...] from one token to another. */
const cut = (x: tf.Tensor, from: number, to: number): tf.Tensor =>
  tf.slice(x, [0, from, ...x.shape.slice(2).map(() => 0)], [-1, to - from, ...x.shape.slice(2).map(() => -1)])

const expectClose = (a: tf.Tensor, b: tf.Tensor, name: string): void => {
  expect(a.shape, name).toEqual(b.shape)
  const [x, y] = [a.dataSync<"float32">(), b.dataSync<"float32">()]
  const size = Math.max(1, ...y.map(Math.abs))
  expect(Math.max(...x.map((value, i) => Math.abs(value - y[i]!))) / size, name).toBeLessThan(2e-5)
}

const wants = (model: RunnableModel): PassOptions => ({
  hooks: hookPoints(model.info).flatMap(({ name, perToken }) => (perToken ? [name] : [])),
  logits: true
})

/** One piece after the other, each begun from what the pieces before kept. */
const inPieces = (model: RunnableModel, tokens: TokenBatch, ends: ReadonlyArray<number>, options: PassOptions) => {
  let [prefix, from] = [undefined as PassOptions["prefix"], 0]
  const pieces = ends.map((to) => {
    const piece = runModel(model, between(tokens, from, to), { ...options, keep: true, ...(prefix && { prefix }) })
    prefix?.dispose()
    ;[prefix, from] = [piece.kept, to]
    return piece
  })
  prefix?.dispose()
  return pieces
}

describe("a pass that begins from a kept prefix", () => {
  // Gemma 3's window of its local layers is 4 here, Qwen 3.5's delta rule keeps a state and the tail of its convolution.
  for (const family of [...families, "gemma4_text", "gemma4_keys", "ministral3", "qwen2_window", "llama_yarn"]) {
    it.effect(`${family}: gives at every hook, and as logits, what the whole pass gives`, () =>
      Effect.gen(function* () {
        const model = yield* ownGolden(family)
        const whole = runModel(model, twoTexts, wants(model))
        const before = tf.memory().numTensors
        const ends = [1, 8, 10]
        let from = 0
        for (const [i, { activations, logits }] of inPieces(model, twoTexts, ends, wants(model)).entries()) {
          const to = ends[i]!
          for (const [name, activation] of Object.entries(activations)) {
            tf.tidy(() => expectClose(activation, cut(whole.activations[name]!, from, to), `${name} ${from}-${to}`))
          }
          tf.tidy(() => expectClose(logits!, cut(whole.logits!, from, to), `logits ${from}-${to}`))
          tf.dispose([activations, logits!])
          from = to
        }
        expect(tf.memory().numTensors).toBe(before)
        tf.dispose([whole.activations, whole.logits!])
      })
    )
  }

  it.effect("gives the same bits each time", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("gemma3")
      const last = () => inPieces(model, twoTexts, [6, 10], { logits: true }).map(({ logits }) => logits!.dataSync())
      expect(last()).toEqual(last())
    })
  )

  it.effect("serves several contexts that begin alike, and gradients of what comes after it", () =>
    Effect.gen(function* () {
      for (const family of ["gemma3", "qwen3_5_text"]) {
        const model = yield* ownGolden(family)
        const endings = [3, 9, 14, 20, 31, 2]
        const hook = "blocks.1.hook_resid_pre"
        const { kept } = runModel(model, between(twoTexts, 0, 8), { keep: true })
        // Three endings of the first text, three of the second.
        const after: TokenBatch = { ids: Int32Array.from(endings.flatMap((id) => [id, 7])), batch: 6, time: 2 }
        const full: TokenBatch = {
          ids: Int32Array.from(
            endings.flatMap((id, n) => [...twoTexts.ids.slice(10 * Math.floor(n / 3)).slice(0, 8), id, 7])
          ),
          batch: 6,
          time: 10
        }
        const scalar = ({ logits }: { readonly logits: tf.Tensor3D | undefined }) =>
          tf.sum<tf.Scalar>(tf.square(tf.slice(logits!, [0, logits!.shape[1] - 1, 0], [-1, 1, -1])))
        const asked = { hook, wants: { logits: true }, scalar }
        const short = passGradient(model, after, { ...asked, prefix: kept! })
        const long = passGradient(model, full, asked)
        expectClose(short.activation, cut(long.activation, 8, 10), family)
        expectClose(short.gradient, cut(long.gradient, 8, 10), family)
        expect(Math.abs(short.value - long.value) / long.value).toBeLessThan(1e-5)
        tf.dispose([short.gradient, short.activation, long.gradient, long.activation])
        kept!.dispose()
      }
    })
  )

  it.effect(
    "gives the tokens that whole passes choose, across the length where keys begin to turn otherwise, too",
    () =>
      Effect.gen(function* () {
        for (const family of ["gemma3", "llama_longrope", "llama_dynamic", "gpt2_scaled", "qwen3_5_text"]) {
          const model = yield* ownGolden(family)
          const context = [...twoTexts.ids.subarray(0, 5)]
          const wanted: Array<number> = []
          while (wanted.length < 8) {
            const ids = Int32Array.from(context)
            const { logits } = runModel(model, { ids, batch: 1, time: ids.length }, { logits: true })
            wanted.push((tf.tidy(() => tf.argMax(logits!, 2)).dataSync<"int32">() as Int32Array).at(-1)!)
            context.push(wanted.at(-1)!)
            logits!.dispose()
          }
          const before = tf.memory().numTensors
          const made = (options: Omit<GenerateOptions, "max">) =>
            generate(model, [...twoTexts.ids.subarray(0, 5)], { max: 8, ...options }).pipe(
              Stream.map(({ id }) => id),
              Stream.runCollect
            )
          expect(yield* made({ stop: new Set() }), family).toEqual(wanted)
          const stop = wanted[3]!
          expect(yield* made({ stop: new Set([stop]) })).toEqual(wanted.slice(0, wanted.indexOf(stop) + 1))
          expect(tf.memory().numTensors).toBe(before)
        }
      })
  )

  it.effect("is refused where the whole pass would give something else, with the reason", () =>
    Effect.gen(function* () {
      const model = yield* ownGolden("gpt2_scaled")
      const { kept } = runModel(model, between(twoTexts, 0, 8), { hooks: ["blocks.0.hook_resid_post"], keep: true })
      const after = between(twoTexts, 8, 10)
      expect(() => runModel(model, after, { logits: true, prefix: kept! })).toThrow("was not kept at layer 1")
      expect(() =>
        runModel(model, { ...after, ids: Int32Array.of(1, 2, 3), batch: 3, time: 1 }, { prefix: kept! })
      ).toThrow("3 contexts do not go on from 2 of the prefix")
      const long = { ids: new Int32Array(2 * model.info.n_ctx), batch: 2, time: model.info.n_ctx }
      expect(() => runModel(model, long, { prefix: kept! })).toThrow(`exceeds the model's ${model.info.n_ctx}`)
      kept!.dispose()
      for (const [family, reason] of [
        ["gemma3_both_ways", "layer 0: its queries see the tokens after them, too"],
        ["llama_longrope", "layer 0: its keys turn otherwise in a context of 10 tokens than in one of 8"]
      ] as const) {
        const other = yield* ownGolden(family)
        const prefix = runModel(other, between(twoTexts, 0, 8), { keep: true }).kept!
        expect(() => runModel(other, after, { logits: true, prefix })).toThrow(reason)
        prefix.dispose()
      }
    })
  )
})
