import { mkdtempSync, rmSync } from "node:fs"
import type { ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { endpointModel } from "../../src/chat/endpoint.ts"
import {
  explainByModel,
  type ExplainByModelInput,
  type ExplainByModelOptions
} from "../../src/interp/by-model/explain-by-model.ts"
import { readExplanation } from "../../src/interp/by-model/explain-prompt.ts"
import { explanationMetrics } from "../../src/interp/by-model/explanation-metrics.ts"
import { readJudgement } from "../../src/interp/by-model/judge-prompt.ts"
import { readOdds } from "../../src/interp/by-model/judge-texts.ts"
import { readSimulation, simulatePrompt, strengthTexts } from "../../src/interp/by-model/simulate-prompt.ts"
import { steeredTokens } from "../../src/interp/by-model/steered-tokens.ts"
import { contrast, rankedTexts } from "../../src/interp/by-model/text-ranks.ts"
import { metaEncoder } from "../../src/interp/meta-encoder.ts"
import { type RunnableModel, runModel } from "../../src/model/run-model.ts"
import { decoderScale, makeSaeModel, openSaeModel } from "../../src/sae/sae-model.ts"
import { tidily } from "../../src/tensor/tidily.ts"
import { aboveThreshold } from "../../src/tensor/kernels/sparse-kernels.ts"
import { type AskedBody, type ChatServer, chatServer, completion } from "../chat/chat-server.ts"
import { loadTestEngine } from "../engine.ts"
import { embeddingSae } from "./embedding-sae.ts"
import { captured, tinyModel, tinyText } from "./tiny-model.ts"

const home = process.env["XDG_CACHE_HOME"]
const cache = mkdtempSync(join(tmpdir(), "answers-"))
beforeAll(() => {
  process.env["XDG_CACHE_HOME"] = cache
  return loadTestEngine()
})
afterAll(() => {
  if (home === undefined) delete process.env["XDG_CACHE_HOME"]
  else process.env["XDG_CACHE_HOME"] = home
  rmSync(cache, { recursive: true })
})

/** A reader that does what is asked by the letter: the commonest marked word explains, and is looked for. */
const reader = ({ messages }: AskedBody): string => {
  const [task, text] = [messages[0]?.content ?? "", messages.at(-1)?.content ?? ""]
  const marked = [...text.matchAll(/<<\s*(w\d+)>>/g)].map(([, word = ""]) => word)
  if (task.includes("have in common")) {
    const counts = Map.groupBy(marked, (word) => word)
    const [best] = [...counts].toSorted(([, a], [, b]) => b.length - a.length)
    return `Let me see.\n**EXPLANATION:** the word ${best?.[0]}`
  }
  const word = /The feature: the word (w\d+)/.exec(text)?.[1] ?? "?"
  if (task.includes("how strongly")) {
    const tokens = text.split("\n").filter((line) => line.startsWith('"'))
    return JSON.stringify(tokens.map((line) => (String(JSON.parse(line)).trim() === word ? 10 : 0)))
  }
  const judged = text.split(/Text \d+: /).slice(1)
  const yes = task.includes("between <<")
    ? (each: string) => new RegExp(`<<[^>]*\\b${word}\\b[^>]*>>`).test(each)
    : (each: string) => new RegExp(`\\b${word}\\b`).test(each)
  return `[${judged.map((each) => (yes(each) ? 1 : 0)).join(", ")}]`
}

/** The same answer with log probabilities of each digit of a list: surer of what is right. */
const surely = (body: AskedBody, response: ServerResponse): undefined => {
  const text = reader(body)
  const content = [...text].map((token) => ({
    token,
    top_logprobs: /[01]/.test(token)
      ? [
          { token, logprob: Math.log(0.9) },
          { token: token === "1" ? "0" : "1", logprob: Math.log(0.1) }
        ]
      : [{ token, logprob: 0 }]
  }))
  response.end(completion(text, body.logprobs === true ? { logprobs: { content } } : {}))
}

const options: ExplainByModelOptions = {
  latents: null,
  seed: 0,
  parallel: 3,
  minFirings: 5,
  trainRows: 1e6,
  heldOutRows: 1e6,
  fireThreshold: 0.5,
  top: 4,
  bands: 2,
  perBand: 1,
  random: 1,
  outOfContext: 1,
  fromExamples: true,
  probabilities: true,
  window: { left: 3, right: 2 },
  scorers: ["detection", "fuzzing", "simulation"],
  scoredTexts: 8,
  simulatedTexts: 4,
  perRequest: 5
}

const explained = (server: ChatServer, signal?: AbortSignal) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const model = yield* tinyModel
        const chat = yield* endpointModel({
          endpoint: server.endpoint,
          model: "reader",
          keyName: "NO_KEY_IS_SET",
          temperature: 0,
          seed: 0,
          timeout: 5,
          maxRequests: null,
          maxTokens: null
        })
        const result = yield* explainByModel(
          {
            explainer: chat,
            chat,
            reader: undefined,
            sources: [],
            output: undefined,
            text: (token) => ` w${token}`,
            activations: captured(model, "hook_embed", tinyText(60, 16, 1), 10),
            encoder: yield* openSaeModel(embeddingSae(model)),
            progress: () => {}
          },
          options
        )
        return { ...result, spent: chat.spent() }
      })
    ),
    signal && { signal }
  )

describe("latents that read one token, and a reader that does as told", () => {
  it("have full marks by their own explanation and none to speak of by another's; again, nothing is asked", async () => {
    const server = await chatServer(surely)
    const { latents, unread, spent } = await explained(server)
    expect(latents.length).toBeGreaterThanOrEqual(6)
    expect(unread).toBe(0)
    for (const { contrast, explanation, latent, scores, shuffled } of latents) {
      expect(explanation).toBe(`the word w${latent}`)
      expect(scores.detection?.balanced_accuracy).toBe(1)
      expect([scores.detection?.auc, scores.fuzzing?.auc]).toEqual([1, 1])
      expect(contrast?.detection).toBeGreaterThan(0.65)
      expect(contrast?.surprise).toBeNull()
      expect(scores.fuzzing?.balanced_accuracy).toBe(1)
      expect(scores.simulation?.pearson).toBeGreaterThan(0.95)
      expect(shuffled.detection?.balanced_accuracy).toBeLessThan(0.95)
      expect(shuffled.simulation?.pearson).toBeLessThan(0.2)
    }
    const metrics = explanationMetrics(latents, options)
    expect(metrics["detection"]).toBe(1)
    expect(metrics["detection_auc"]).toBe(1)
    expect(metrics["fuzzing_contrast"]).toBeDefined()
    expect(metrics["detection_shuffled"]).toMatchObject({ value: expect.closeTo(0.5, 0) })
    expect(server.busiest()).toBeLessThanOrEqual(options.parallel)
    const again = await explained(server)
    expect(again.latents).toEqual(latents)
    expect(again.spent).toMatchObject({ requests: 0, kept: spent.requests + spent.kept })
    await server.stop()
  })

  it("have no score where the answers say nothing", async () => {
    const server = await chatServer((body) =>
      reader(body).includes("EXPLANATION") ? reader(body) : "I would not know."
    )
    const { latents, unread } = await explained(server)
    expect(latents.every(({ scores }) => Object.values(scores).every((score) => score === null))).toBe(true)
    expect(unread).toBeGreaterThan(latents.length)
    expect(explanationMetrics(latents, options)["fuzzing"]).toHaveProperty("unmeasured")
    await server.stop()
  })

  it("are a failure where no answer can be read as an explanation, which shows the first and is not told by figures", async () => {
    const server = await chatServer(() => "First I look at the texts.\nThen I")
    const failure = explained(server)
    await expect(failure).rejects.toThrow(/none of \d+ answers could be read as an explanation/)
    await expect(failure).rejects.toThrow("First I look at the texts.")
    await server.stop()
  })

  it("have no AUC where a server tells no probabilities, and that is the reason which is given", async () => {
    const server = await chatServer(reader)
    const { latents } = await explained(server)
    const metrics = explanationMetrics(latents, options)
    expect(metrics["detection"]).toBe(1)
    for (const name of ["detection_auc", "fuzzing_auc_gain", "detection_contrast"]) {
      expect(metrics[name]).toMatchObject({ unmeasured: expect.stringContaining("probabilities of 0 and 1") })
    }
    await server.stop()
  })

  it("pay for nothing twice where a run was killed: at most what was on its way is asked again", async () => {
    const killed = new AbortController()
    const server = await chatServer((body, _, number) => {
      if (number === 12) killed.abort()
      return reader(body)
    })
    await expect(explained(server, killed.signal)).rejects.toThrow()
    const first = server.asked.map(({ body }) => JSON.stringify(body))
    const { spent, unread } = await explained(server)
    const second = server.asked.slice(first.length).map(({ body }) => JSON.stringify(body))
    expect(unread).toBe(0)
    expect(second.filter((body) => first.includes(body)).length).toBeLessThanOrEqual(options.parallel)
    expect(spent.kept).toBeGreaterThanOrEqual(first.length - options.parallel)
    await server.stop()
  })
})

describe("explanations without a language model", () => {
  const listed = (at: string, more: (model: RunnableModel) => Partial<ExplainByModelInput>) =>
    Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const model = yield* tinyModel
          const activations = captured(model, at, tinyText(60, 16, 1), 10)
          const given = { explainer: undefined, chat: undefined, reader: undefined, sources: [], output: undefined }
          const text = (token: number): string => ` w${token}`
          const encoder = yield* openSaeModel(embeddingSae(model))
          return yield* explainByModel(
            { ...given, text, activations, encoder, progress: () => {}, ...more(model) },
            { ...options, scorers: [] }
          )
        })
      )
    )

  it("list the tokens on which latents fire, of rows of several hooks side by side, too", async () => {
    const { latents, unread } = await listed("hook_embed", () => ({}))
    expect([latents.length > 5, unread]).toEqual([true, 0])
    for (const { explanation, latent } of latents) expect(explanation).toBe(`the word "w${latent}"`)
    const both = await listed("hook_embed", (model) => {
      const hooks = ["hook_embed", "blocks.1.hook_resid_post"]
      const { W_enc, d_in, d_sae, ...rest } = embeddingSae(model)
      // Reads the first of both hooks alone.
      const wide = new Float32Array(2 * d_in * d_sae)
      wide.set(W_enc)
      const weights = {
        ...rest,
        W_enc: wide,
        d_in: 2 * d_in,
        d_sae,
        W_dec: wide.slice(),
        b_dec: new Float32Array(2 * d_in)
      }
      return {
        sources: hooks.map((hook) => captured(model, hook, tinyText(60, 16, 1), 10)),
        encoder: makeSaeModel(weights)
      }
    })
    expect(both.latents).toEqual(latents)
  })

  it("raise a latent of an SAE that normalises rows by what its decoder gives for it on each row", async () => {
    const hook = "blocks.1.hook_resid_post"
    for (const normalize of ["layer_norm", "constant_norm_rescale", "constant_scalar_rescale"] as const) {
      await Effect.runPromise(
        Effect.scoped(
          Effect.gen(function* () {
            const model = yield* tinyModel
            const weights = { ...embeddingSae(model), normalize, input_scale: 0.25 }
            const { W_dec, d_in: d_out } = weights
            const sae = yield* openSaeModel(weights)
            const { ids } = tinyText(2, 16, 3)
            const texts = { ids, batch: 2, time: 16, leading: 1 }
            const steered = steeredTokens(model, { hook, W_dec, d_out, scale: decoderScale(weights) }, texts, 3)
            const { promoted } = steered.of(4, 3)
            steered.end()
            const logitsOf = (value: number) =>
              tidily(() => {
                const raise = (x: tf.Tensor): tf.Tensor => {
                  const rows = tf.reshape<tf.Rank.R2>(x, [32, d_out])
                  const at = (wanted: number) =>
                    tf.tensor2d(
                      Array.from({ length: 32 * weights.d_sae }, (_, i) =>
                        i % weights.d_sae === 4 && Math.floor(i / weights.d_sae) % 16 > 0 ? wanted : 0
                      ),
                      [32, weights.d_sae]
                    )
                  return tf.reshape(tf.add(rows, tf.sub(sae.decode(at(value), rows), sae.decode(at(0), rows))), x.shape)
                }
                const { logits } = runModel(model, texts, { logits: true, replace: { [hook]: raise } })
                const mean = tf.mean(tf.slice(logits!, [0, 1, 0], [2, 15, -1]), [0, 1]).arraySync() as Array<number>
                tf.dispose(logits!)
                return mean
              })
            const plain = logitsOf(0)
            const by = logitsOf(3).map((value, token) => value - plain[token]!)
            const mean = by.reduce((sum, each) => sum + each, 0) / by.length
            const order = by.map((_, token) => token).toSorted((a, b) => by[b]! - by[a]!)
            expect(promoted.map(({ token }) => token)).toEqual(order.slice(0, 3))
            for (const { token, weight } of promoted) {
              expect(Math.abs(weight - (by[token]! - mean))).toBeLessThan(1e-3 * Math.max(1, Math.abs(weight)))
            }
          })
        )
      )
    }
  })

  it("list the tokens that logits rise of where a latent is raised", async () => {
    const hook = "blocks.1.hook_resid_post"
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const model = yield* tinyModel
          const { W_dec, d_in: d_out } = embeddingSae(model)
          const { ids } = tinyText(2, 16, 3)
          const texts = { ids, batch: 2, time: 16, leading: 1 }
          const steered = steeredTokens(model, { hook, W_dec, d_out }, texts, 3)
          const { promoted, suppressed } = steered.of(4, 3)
          steered.end()
          const logitsOf = (add: number) =>
            tidily(() => {
              const direction = tf.tensor3d(W_dec.subarray(4 * d_out, 5 * d_out), [1, 1, d_out])
              const places = tf.tensor3d(
                Array.from({ length: 16 }, (_, t) => (t === 0 ? 0 : add)),
                [1, 16, 1]
              )
              const { logits } = runModel(model, texts, {
                logits: true,
                replace: { [hook]: (x) => tf.add(x, tf.mul(direction, places)) }
              })
              const mean = tf.mean(tf.slice(logits!, [0, 1, 0], [2, 15, -1]), [0, 1]).arraySync() as Array<number>
              tf.dispose(logits!)
              return mean
            })
          const plain = logitsOf(0)
          const order = logitsOf(3)
            .map((value, token) => ({ token, by: value - plain[token]! }))
            .toSorted((a, b) => b.by - a.by)
          expect(promoted.map(({ token }) => token)).toEqual(order.slice(0, 3).map(({ token }) => token))
          expect(suppressed.map(({ token }) => token)).toEqual(
            order
              .toReversed()
              .slice(0, 3)
              .map(({ token }) => token)
          )
        })
      )
    )
  })

  it("are of meta-latents by the sum of the latents that use them, each with the length of its direction", () => {
    const x = tf.tensor2d([2, 3, 0, 1], [2, 2])
    // The identity as an SAE of neurons: latent i fires with number i of the row.
    const encode = (rows: tf.Tensor2D) => aboveThreshold(rows, 0)
    const latents = [
      { ids: [0, 2], activations: [0.5, 1] },
      { ids: [2], activations: [0.25] }
    ]
    const meta = metaEncoder({ d_in: 2, d_sae: 2, encode }, Float32Array.from([1, 4]), {
      latents,
      meta: { d_sae: 3, k: 2 }
    })
    const { latent, rowStart, value } = meta.encode(x)
    expect([...rowStart]).toEqual([0, 2, 3])
    expect([...latent]).toEqual([0, 2, 2])
    expect([...value.dataSync()]).toEqual([2 * 0.5, 2 * 1 + 3 * 4 * 0.25, 1 * 4 * 0.25])
    tf.dispose([x, value])
  })
})

describe("answers are read", () => {
  it("as an explanation, where one is marked or is all that was said", () => {
    expect(readExplanation("first\nEXPLANATION: dogs\nexplanation: cats and dogs\n")).toBe("cats and dogs")
    expect(readExplanation("  numbers of years ")).toBe("numbers of years")
    expect([readExplanation("one\ntwo"), readExplanation(""), readExplanation("EXPLANATION:")]).toEqual([
      undefined,
      undefined,
      undefined
    ])
  })

  it("as judgements of exactly as many texts as were given", () => {
    expect(readJudgement("I think [0, 1] or rather [1,0,1]", 3)).toEqual([true, false, true])
    expect([readJudgement("[1, 0]", 3), readJudgement("[1, 2, 0]", 3), readJudgement("1, 0, 1", 3)]).toEqual([
      undefined,
      undefined,
      undefined
    ])
  })

  it("as log odds of yes, of all that is told of yes and no; what is not told is bounded by the rest", () => {
    const usage = { prompt: 0, completion: 0 }
    const token = (said: string, ...alternatives: ReadonlyArray<readonly [string, number]>) => ({
      token: said,
      alternatives: alternatives.map(([each, p]) => ({ token: each, logprob: Math.log(p) }))
    })
    const tokens = [
      token("[", ["[", 1]),
      token("1", ["1", 0.5], [" 1", 0.1], ["0", 0.2]),
      token(",", [",", 1]),
      token("0", ["0", 0.9])
    ]
    const [first, second] = readOdds({ text: "", tokens, usage }, 2) ?? []
    expect(first).toBeCloseTo(Math.log(0.6 / 0.2), 12)
    expect(second).toBeCloseTo(Math.log(0.1 / 0.9), 9)
    expect(readOdds({ text: "", tokens, usage }, 3)).toBeUndefined()
    expect(readOdds({ text: "", tokens: null, usage }, 2)).toBeUndefined()
  })

  it("as numbers whose order is scored, and whose part that is of the text alone cancels out", () => {
    const tests = [true, true, false, false].map((right) => ({ right }))
    expect(rankedTexts([3, undefined, 1, 3], tests)).toEqual({ auc: 0.75, texts: 3 })
    expect(rankedTexts([3, 1, undefined, undefined], tests)).toBeUndefined()
    const texts = [-5, 0, 7, 9]
    const own = texts.map((each, i) => each + (i < 2 ? 0.1 : 0))
    expect(rankedTexts(own, tests)?.auc).toBe(0)
    expect(contrast(own, texts, tests)).toBe(1)
    expect(contrast(texts, texts, tests)).toBe(0.5)
  })

  it("as strengths: expected values where the alternatives are told, else the numbers", () => {
    const usage = { prompt: 0, completion: 0 }
    const sure = (token: string) => ({ token, alternatives: [{ token, logprob: 0 }] })
    const either = {
      token: "4",
      alternatives: [
        { token: "4", logprob: Math.log(0.6) },
        { token: "9", logprob: Math.log(0.2) },
        { token: "x", logprob: Math.log(0.2) }
      ]
    }
    const tokens = [sure("["), sure("0"), sure(","), either, sure("]")]
    expect(readSimulation({ text: "[0, 4]", tokens, usage }, 2)).toEqual([0, expect.closeTo(5.25, 10)])
    const split = ["[", "1", "0", ",", "3", "]"].map(sure)
    expect(readSimulation({ text: "[10, 3]", tokens: split, usage }, 2)).toEqual([10, 3])
    // No strength that is asked for begins as another one does.
    for (const text of strengthTexts) expect(strengthTexts.filter((other) => other.startsWith(text))).toEqual([text])
    expect(simulatePrompt("sea", [" a"])[0]?.content).toContain(`to ${strengthTexts.at(-1)}, if`)
    expect(readSimulation({ text: "[11, 3]", tokens: null, usage }, 2)).toBeUndefined()
  })
})
