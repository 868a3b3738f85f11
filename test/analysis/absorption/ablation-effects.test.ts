import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it } from "vitest"
import {
  ablationEffects,
  type AblationPath,
  asSaeSpelling,
  errorKept
} from "../../../src/analysis/absorption/ablation-effects.ts"
import { wordEffect } from "../../../src/analysis/absorption/word-effect.ts"
import { LanguageModel } from "../../../src/kinds/language-model/language-model.ts"
import { openModel } from "../../../src/model/open-model.ts"
import { openTokenizer } from "../../../src/text/open-tokenizer.ts"
import { letterOf, letters } from "../../../src/text/first-letter/first-letter-prompts.ts"
import { folderArtifact } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { opened } from "../../stage/run-stage.ts"

beforeAll(loadTestEngine)

/** By transformers and torch in f64: `make-golden.py`, which states the SAE. */
const golden = JSON.parse(readFileSync(join(import.meta.dirname, "ablation-effects.json"), "utf8")) as ReadonlyArray<{
  readonly word: string
  readonly text: string
  readonly latents: ReadonlyArray<number>
  readonly activations: ReadonlyArray<number>
  readonly effects: Readonly<Record<"error_kept" | "as_sae_spelling", ReadonlyArray<number>>>
  readonly all: number
}>

const [d, d_sae] = [192, 64]
const W_dec = Float32Array.from(
  { length: d_sae * d },
  (_, at) => Math.sin(1 + 12.9898 * Math.floor(at / d) + 78.233 * (at % d)) / 8
)
const b_dec = Float32Array.from({ length: d }, (_, i) => Math.sin(i) / 100)

const offsets = new Uint32Array(golden.length + 1)
for (const [n, { latents }] of golden.entries()) offsets[n + 1] = offsets[n]! + latents.length
const codes = {
  rows: golden.length,
  d_sae,
  offsets,
  latents: Uint32Array.from(golden.flatMap(({ latents }) => latents)),
  values: Float32Array.from(golden.flatMap(({ activations }) => activations))
}

const opening = Effect.gen(function* () {
  const language = (yield* opened(LanguageModel, folderArtifact("models/tiny-speller", "LanguageModel"))).value
  const { encode } = yield* openTokenizer(language.tokenizer)
  const ids = golden.flatMap(({ text }) => [0, ...encode(text)])
  const length = ids.length / golden.length
  const prompts = {
    words: golden.map(({ word }) => word),
    letters: Uint8Array.from(golden, ({ word }) => letterOf(word)),
    length,
    ids: Int32Array.from(ids),
    wordPosition: length - encode(" word has the first letter:").length,
    answerIds: Int32Array.from(letters, (letter) => encode(` ${letter.toUpperCase()}`)[0]!),
    example: ""
  }
  return { model: yield* openModel(language), prompts }
})

describe("effects of ablating latents, by integrated gradients", () => {
  it("are those of transformers and torch, on both paths, and add up to what ablating all latents does", async () => {
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const subject = {
            ...(yield* opening),
            hook: "blocks.0.hook_resid_pre",
            codes,
            weights: { W_dec, b_dec, d_in: d }
          }
          const words = golden.map((_, n) => ({ prompt: n, row: n }))
          const paths: ReadonlyArray<[keyof (typeof golden)[number]["effects"], AblationPath]> = [
            ["error_kept", errorKept],
            ["as_sae_spelling", asSaeSpelling]
          ]
          for (const [name, path] of paths) {
            const effects = ablationEffects(subject, words, path)
            for (const [n, word] of golden.entries()) {
              expect(effects[n]).toHaveLength(word.latents.length)
              for (const [at, effect] of word.effects[name].entries()) {
                expect(Math.abs(effects[n]![at]! - effect), `${name}, ${word.word}, ${at}`).toBeLessThan(1e-3)
              }
            }
          }
          // They are no noise: some latent moves the margin by a good part of a logit.
          expect(Math.max(...golden.flatMap(({ effects }) => effects.error_kept.map(Math.abs)))).toBeGreaterThan(0.4)
          for (const { effects, all } of golden) {
            expect(Math.abs(effects.error_kept.reduce((a, b) => a + b) - all)).toBeLessThan(0.1 * Math.abs(all))
          }
        })
      )
    )
  })

  it("are nothing where the model has already read the letter off the word", async () => {
    await Effect.runPromise(
      Effect.scoped(
        Effect.gen(function* () {
          const { model, prompts } = yield* opening
          const all = golden.map((_, n) => n)
          const at = (hook: string) => wordEffect(model, prompts, hook, new Float32Array(golden.length * d), all)
          // The embedded model's first block moves it to the last position.
          expect(yield* at("blocks.0.hook_resid_pre")).toBeLessThan(-5)
          expect(Math.abs(yield* at("blocks.0.hook_resid_post"))).toBeLessThan(0.1)
        })
      )
    )
  })
})
