import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { beforeAll, describe, expect, it } from "vitest"
import { withStore } from "../../src/experiment/load-experiment.ts"
import { type Explored, fire, goOn, look } from "../../src/explore/explorer.ts"
import { readLanguageModel } from "../../src/kinds/language-model/read-language-model.ts"
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import { loadModel } from "../../src/model/load-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import { livePage } from "../../src/report/live-page.ts"
import { openSaeModel } from "../../src/sae/sae-model.ts"
import { liveServer } from "../../src/serve/live-server.ts"
import { makeTokenizer } from "../../src/text/tokenizer.ts"
import { loadTestEngine } from "../engine.ts"
import { chromiumHere, launchChromium } from "../report/chromium.ts"
import { madeExperiment } from "../report/made-experiment.ts"

const folder = path.join(import.meta.dirname, "../../models/tiny-speller")
const hook = "blocks.1.hook_resid_post"
const d = 192
const text = " cat has the first letter:"

/** One latent for each sign of each number, and one more whose decoder row is zero. */
const weights: SaeWeights = (() => {
  const d_sae = 2 * d + 1
  const W_enc = new Float32Array(d * d_sae)
  const W_dec = new Float32Array(d_sae * d)
  for (let c = 0; c < d; c++) {
    W_enc[c * d_sae + c] = 1
    W_enc[c * d_sae + d + c] = -1
    W_dec[c * d + c] = 1
    W_dec[(d + c) * d + c] = -1
  }
  const b_enc = new Float32Array(d_sae)
  const b_dec = new Float32Array(d)
  const activation = { type: "relu" } as const
  return { d_in: d, d_sae, activation, apply_b_dec_to_input: true, W_enc, W_dec, b_enc, b_dec, threshold: undefined }
})()

const withExplored = (use: (explored: Explored) => Effect.Effect<void, unknown, Scope.Scope>): Promise<void> =>
  Effect.gen(function* () {
    const handle = yield* readLanguageModel(yield* filesArtifact("LanguageModel", yield* folderFiles(folder)))
    yield* use({
      model: yield* loadModel(handle),
      tokenizer: makeTokenizer(yield* handle.tokenizer),
      sae: yield* openSaeModel(weights),
      weights,
      hook,
      bos: 0,
      ends: new Set()
    })
  }).pipe(Effect.scoped, Effect.runPromise)

const idsOf = ({ tokenizer }: Explored): ReadonlyArray<number> => [0, ...tokenizer.encode(text)]

/** Logits of the last token, and the residual stream of all. */
const passed = ({ model }: Explored, ids: ReadonlyArray<number>, change?: (x: tf.Tensor) => tf.Tensor) => {
  const { activations, logits } = runModel(
    model,
    { ids: Int32Array.from(ids), batch: 1, time: ids.length },
    { hooks: [hook], logits: true, ...(change && { replace: { [hook]: change } }) }
  )
  const vocabulary = model.info.d_vocab
  const last = (logits as tf.Tensor3D).dataSync<"float32">().slice((ids.length - 1) * vocabulary)
  return { rows: (activations[hook] as tf.Tensor).dataSync<"float32">(), logits: last }
}

const argmax = (values: Float32Array): number =>
  values.reduce((best, value, i) => (value > values[best]! ? i : best), 0)

describe("asking an SAE and its model", () => {
  beforeAll(loadTestEngine)

  it("tells of each token what fires there, of the BOS nothing", () =>
    withExplored(
      Effect.fnUntraced(function* (explored) {
        const ids = idsOf(explored)
        const { rows } = passed(explored, ids)
        const { tokens, fired, leading } = yield* fire(explored, text)
        expect(leading).toBe(1)
        expect(tokens.map(({ id }) => id)).toEqual(ids)
        expect(fired[0]).toEqual([])
        for (const [at, own] of fired.entries()) {
          if (at === 0) continue
          expect(own).toHaveLength(d)
          expect(own.map(([, value]) => value)).toEqual(own.map(([, value]) => value).toSorted((a, b) => b - a))
          for (const [latent, value] of own) {
            const coordinate = rows[at * d + (latent % d)]!
            expect(latent < d ? coordinate : -coordinate).toBeCloseTo(value, 5)
          }
        }
      })
    ))

  it("attributes to a latent what a little less of it takes from the logit", () =>
    withExplored(
      Effect.fnUntraced(function* (explored) {
        const ids = idsOf(explored)
        const position = ids.length - 1
        const { target, latents, next } = yield* look(explored, text, position)
        const { logits } = passed(explored, ids)
        expect(target.id).toBe(argmax(logits))
        expect(next.reduce((sum, { probability }) => sum + probability, 0)).toBeLessThanOrEqual(1)
        const above = (all: Float32Array): number => all[target.id]! - all.reduce((sum, x) => sum + x, 0) / all.length
        for (const { latent, activation, attribution } of latents.slice(0, 4)) {
          const step = 0.05
          const moved = (share: number) =>
            passed(explored, ids, (x) =>
              tf.tidy(() => {
                const delta = new Float32Array(ids.length * d)
                delta[position * d + (latent % d)] = share * activation * (latent < d ? 1 : -1)
                return tf.add(x, tf.tensor(delta, x.shape))
              })
            ).logits
          const slope = (above(moved(step)) - above(moved(-step))) / (2 * step)
          expect(Math.abs(slope - attribution!)).toBeLessThan(0.02 * Math.max(1, Math.abs(slope)))
        }
      })
    ))

  it("goes on with a latent set to a value at every token but the BOS, and as it is without", () =>
    withExplored(
      Effect.fnUntraced(function* (explored) {
        const ids = idsOf(explored)
        const value = 40
        const { unchanged, changed } = yield* goOn(explored, text, [{ latent: 3, value }], 3)
        const following = (change?: (x: tf.Tensor) => tf.Tensor): ReadonlyArray<number> => {
          const all = [...ids]
          for (let i = 0; i < 3; i++) all.push(argmax(passed(explored, all, change).logits))
          return all.slice(ids.length)
        }
        expect(unchanged.tokens.map(({ id }) => id)).toEqual(following())
        const set = (x: tf.Tensor): tf.Tensor => {
          const rows = x.dataSync<"float32">().slice()
          for (let at = 1; at < rows.length / d; at++) rows[at * d + 3]! += value - Math.max(0, rows[at * d + 3]!)
          return tf.tensor(rows, x.shape)
        }
        expect(changed.tokens.map(({ id }) => id)).toEqual(following(set))
        expect(changed).not.toEqual(unchanged)
        const clamps = [
          { latent: 3, value: 40 },
          { latent: d + 7, value: 30 }
        ]
        const both = yield* goOn(explored, text, clamps, 3)
        const setBoth = (x: tf.Tensor): tf.Tensor => {
          const rows = x.dataSync<"float32">().slice()
          for (let at = 1; at < rows.length / d; at++) {
            rows[at * d + 3]! += 40 - Math.max(0, rows[at * d + 3]!)
            rows[at * d + 7]! -= 30 - Math.max(0, -rows[at * d + 7]!)
          }
          return tf.tensor(rows, x.shape)
        }
        expect(both.changed.tokens.map(({ id }) => id)).toEqual(following(setBoth))
        expect(both.changed).not.toEqual(changed)
        const nothing = yield* goOn(explored, text, [{ latent: 2 * d, value: 40 }], 3)
        expect(nothing.changed).toEqual(nothing.unchanged)
      })
    ))

  it.skipIf(!chromiumHere)(
    "answers in the page: latents of a prompt, the logits of a token, and how it goes on with a latent clamped",
    { timeout: 60_000 },
    () =>
      withExplored((explored) =>
        Effect.gen(function* () {
          const { model, tokenizer } = explored
          const asked: Array<unknown> = []
          const goingOn = Schema.decodeUnknownSync(
            Schema.Struct({
              text: Schema.String,
              clamps: Schema.Array(Schema.Struct({ latent: Schema.Int, value: Schema.Number })),
              tokens: Schema.Int
            })
          )
          const posed = Schema.decodeUnknownSync(
            Schema.Struct({ text: Schema.String, position: Schema.optionalKey(Schema.Int) })
          )
          const { port } = yield* liveServer({
            host: "127.0.0.1",
            port: 0,
            guarded: (bound) => ({ hosts: new Set([`127.0.0.1:${bound}`]), token: undefined }),
            page: Effect.succeed(livePage({ ...madeExperiment, report: undefined })),
            answers: {
              saes: Effect.succeed([{ digest: "f".repeat(64), label: "signs of numbers" }]),
              run: Effect.succeed(null),
              answer: (question, body) =>
                Effect.gen(function* () {
                  asked.push(body)
                  if (question === "continue") {
                    const { text: prompt, clamps: set, tokens } = goingOn(body)
                    return yield* goOn(explored, prompt, set, tokens)
                  }
                  const { text: prompt, position = 0 } = posed(body)
                  return yield* question === "fire" ? fire(explored, prompt) : look(explored, prompt, position)
                })
            }
          })
          const clamps = [
            { latent: 3, value: 40 },
            { latent: 200, value: 12.5 }
          ]
          const expected = yield* goOn(explored, text, clamps, 3)
          yield* Effect.promise(async () => {
            const browser = await launchChromium()
            const tab = await browser.newPage()
            const errors: Array<string> = []
            tab.on("pageerror", ({ message }) => errors.push(message))
            await tab.goto(`http://127.0.0.1:${port}/`)
            const place = tab.locator("#live-prompt")
            await place.getByLabel("Text").fill(text)
            await place.getByRole("button", { name: "Show latents" }).click()
            await place.getByText("To the logit of").waitFor()
            expect(await place.locator(".tokens button").count()).toBe(1 + tokenizer.encode(text).length)
            expect(await place.locator(".tokens [aria-pressed=true]").textContent()).toBe(":")
            await place.locator("tbody button").first().click()
            const strongest = Number(await place.locator("tbody button").first().textContent())
            expect(Number(await place.getByLabel("Latent", { exact: true }).inputValue())).toBe(strongest)
            await place.getByLabel("Latent", { exact: true }).fill("3")
            await place.getByLabel("Set to").fill("40")
            await place.getByRole("button", { name: "Another latent" }).click()
            await place.getByLabel("Latent", { exact: true }).nth(1).fill("")
            await place.getByRole("button", { name: "Go on, with" }).click()
            // Nothing is asked while a field is empty.
            expect(await place.locator(".two pre").count()).toBe(0)
            await place.getByLabel("Latent", { exact: true }).nth(1).fill("200")
            await place.getByLabel("Set to").nth(1).fill("12.5")
            await place.getByLabel("Tokens", { exact: true }).last().fill("3")
            await place.getByRole("button", { name: "Go on, with" }).click()
            await place.locator(".two pre b").nth(1).waitFor()
            expect(await place.locator(".two pre b").allTextContents()).toEqual(
              [expected.unchanged, expected.changed].map((each) => each.text.replace(/\n/g, "↵"))
            )
            // A part of a character by its number.
            const parts = Array.from(tokenizer.encode(" 日"))
            await place.getByLabel("Text").fill(" 日")
            await place.getByRole("button", { name: "Show latents" }).click()
            await place.locator(".tokens button").nth(parts.length).waitFor()
            expect((await place.locator(".tokens button").allTextContents()).slice(1)).toEqual(
              parts.map((id) => (tokenizer.tokenText(id).includes("\uFFFD") ? `#${id}` : tokenizer.tokenText(id)))
            )
            // Nothing of it stays beside the refusal of another text.
            await place.getByLabel("Text").fill("a ".repeat(400))
            await place.getByRole("button", { name: "Show latents" }).click()
            await place
              .getByText(/at most|too long|tokens/)
              .first()
              .waitFor()
            await place.locator(".tokens button").first().waitFor({ state: "detached" })
            expect(await place.locator("tbody button").count()).toBe(0)
            expect(errors).toEqual([])
            await browser.close()
          })
          expect(asked).toContainEqual(expect.objectContaining({ text, clamps, tokens: 3 }))
          expect(model.info.n_layers).toBe(4)
        }).pipe(Effect.scoped, (asking) => withStore(mkdtempSync(path.join(tmpdir(), "asked-")), asking))
      )
  )

  it("refuses what it cannot answer, by name", () =>
    withExplored(
      Effect.fnUntraced(function* (explored) {
        const problem = <A>(asked: Effect.Effect<A, unknown>) => Effect.map(Effect.flip(asked), String)
        expect(yield* problem(fire(explored, ""))).toContain("the text is empty")
        expect(yield* problem(fire(explored, " cat".repeat(400)))).toMatch(/the text is 401 tokens; \d+ are answered/)
        expect(yield* problem(look(explored, text, 0))).toContain("no token at 0")
        expect(yield* problem(goOn(explored, text, [{ latent: 385, value: 1 }], 1))).toContain("385 latents")
        const one = { latent: 4, value: 1 }
        expect(yield* problem(goOn(explored, text, [one, { latent: 5, value: 1 }, one], 1))).toContain(
          "4 is clamped twice"
        )
        const transcoder = { ...explored, weights: { ...weights, transcoder: { d_out: d } } }
        expect(yield* problem(goOn(transcoder, text, [{ latent: 0, value: 1 }], 1))).toContain("transcoder")
        expect((yield* look(transcoder, text, 1)).latents.every(({ attribution }) => attribution === null)).toBe(true)
      })
    ))
})
