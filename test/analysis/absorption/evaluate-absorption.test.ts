import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { beforeAll, describe, expect, it } from "vitest"
import { firstLetterTask } from "../../../src/analysis/absorption/first-letter-task.ts"
import { Absorption } from "../../../src/kinds/absorption.ts"
import {
  FirstLetterAnswers,
  type FirstLetterAnswersHandle
} from "../../../src/kinds/first-letter-answers/first-letter-answers.ts"
import { LanguageModel } from "../../../src/kinds/language-model/language-model.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import { writeSae } from "../../../src/kinds/sae/write-sae.ts"
import { openModel } from "../../../src/model/open-model.ts"
import type { Opened } from "../../../src/stage/input.ts"
import { openTokenizer } from "../../../src/text/open-tokenizer.ts"
import askFirstLetters from "../../../stages/ask-first-letters.ts"
import evaluateAbsorption from "../../../stages/evaluate-absorption.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { opened, runStage } from "../../stage/run-stage.ts"
import { stoppedCheckpoint } from "../../stage/stopped-checkpoint.ts"
import { randomSae } from "../random-sae.ts"

beforeAll(loadTestEngine)

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

/** The embedded model, and an SAE with random weights at one of its hooks. */
const evaluate = Effect.fnUntraced(function* (
  hook: string | null,
  d_in: number,
  params: Readonly<Record<string, unknown>>,
  answers?: Opened<FirstLetterAnswersHandle>
) {
  const directory = yield* temporaryDirectory
  yield* writeSae(folderWriter(directory), {
    weights: randomSae(3, d_in, 64),
    curve: { step: Float64Array.of(1) },
    info: {
      architecture: "batch_topk",
      k: null,
      hook,
      model: null,
      activations: null,
      rows: "activations",
      training: null
    }
  })
  const inputs = {
    sae: yield* opened(Sae, folderArtifact(directory, "Sae")),
    model: yield* opened(LanguageModel, folderArtifact("models/tiny-speller", "LanguageModel")),
    answers
  }
  const logged: Array<string> = []
  const { metrics, artifact } = yield* runStage(evaluateAbsorption, inputs, params, yield* temporaryDirectory, {
    log: (line) => logged.push(line)
  })
  return { metrics, file: yield* Absorption.open(artifact), logged }
})

const noCodes = {
  rows: 0,
  d_sae: 64,
  offsets: Uint32Array.of(0),
  latents: new Uint32Array(0),
  values: new Float32Array(0)
}
const noWeights = randomSae(3, 192, 64)

/** What the embedded model answers. */
const ask = Effect.fnUntraced(function* (params: Readonly<Record<string, unknown>>) {
  const model = yield* opened(LanguageModel, folderArtifact("models/tiny-speller", "LanguageModel"))
  const { artifact } = yield* runStage(askFirstLetters, { model }, params, yield* temporaryDirectory)
  return yield* opened(FirstLetterAnswers, artifact)
})

describe("the stage evaluate-absorption on the embedded model", () => {
  it("finds the letters in the residual stream, and warns that a random SAE carries none of them", async () => {
    const hook = "blocks.1.hook_resid_post"
    // Words and examples are those that the model was asked with, whatever the seed of the splits.
    const { metrics, file, logged } = await run(
      Effect.flatMap(ask({ hook, words_per_letter: 14, icl_examples: 9 }), (answers) =>
        evaluate(hook, 192, { splits: 1, max_k: 2, seed: 1, min_probe_f1: 0.9 }, answers)
      )
    )
    expect(metrics["first_letter_accuracy"]).toBeGreaterThan(0.95)
    expect(metrics["letters"]).toBeGreaterThanOrEqual(20)
    expect(file.prompt.split("\n")).toHaveLength(10)
    expect(file.settings.icl_examples).toBe(9)
    expect(file.letters).toHaveLength(26)
    expect(file.model.words).toBeGreaterThan(300)
    // x is the only letter with fewer words than asked for.
    expect(file.letters.filter(({ known_words }) => known_words > 14)).toEqual([])
    // The first block has moved the letter to the last position.
    expect(Math.abs(metrics["word_effect"] as number)).toBeLessThan(0.1)
    expect(file.rate_unmeasured).toContain("take an earlier hook")
    expect(metrics).not.toHaveProperty("mean_absorption_rate")
    expect(file.warnings.join()).toContain("of the variance at the word tokens")
    expect(logged.join("\n")).toContain("warning: the SAE explains")
    // Which letters the means are not over is told where the run is watched.
    const left = file.letters.filter(({ evaluated }) => !evaluated)
    expect(left.length).toBeGreaterThan(0)
    const told = logged.find((line) => line.startsWith("warning: the means leave out")) ?? ""
    expect(told.match(/[a-z] \(the probe's F1 is 0\.\d{3}, not above 0\.9\)/g)?.map(([letter]) => letter)).toEqual(
      left.map(({ letter }) => letter)
    )
  })

  it("is on the same words and rows where the model was asked before, and refuses answers to other questions", () =>
    run(
      Effect.gen(function* () {
        const hook = "blocks.1.hook_resid_post"
        const answers = yield* ask({ hook, words_per_letter: 14 })
        const language = yield* LanguageModel.open(folderArtifact("models/tiny-speller", "LanguageModel"))
        const model = yield* openModel(language)
        const { encode } = yield* openTokenizer(language.tokenizer)
        const rows = Effect.fnUntraced(function* (given: FirstLetterAnswersHandle | undefined, icl_examples = 10) {
          const options = {
            words_per_letter: 14,
            min_letters: null,
            icl_examples,
            seed: 0,
            ablated_words: 1,
            effect_gap: 1,
            as_sae_spelling: false
          }
          const task = yield* firstLetterTask(model, language.digest, encode, options, given)
          const { ablations, ...found } = yield* task.rowsAt(hook, () => {})
          return { ...found, effect: ablations(noCodes, noWeights).effect }
        })
        expect(yield* rows(answers.value)).toEqual(yield* rows(undefined))
        expect((yield* Effect.flip(rows(answers.value, 9))).message).toContain("are of icl_examples 10, asked for is 9")
        const other = yield* Effect.flip(evaluate(hook, 192, { task: "number" }, answers))
        expect(other.message).toContain("they are of first letters, the task is number")
      })
    ))

  it("goes on asking where it was stopped, in the words as in their effect, and ends with the same bytes", () =>
    run(
      Effect.gen(function* () {
        const model = yield* opened(LanguageModel, folderArtifact("models/tiny-speller", "LanguageModel"))
        const asked = Effect.fnUntraced(function* (checkpoints: string, stopAfter: number) {
          const { checkpoint, saves } = stoppedCheckpoint(checkpoints, stopAfter)
          const result = yield* Effect.exit(
            runStage(
              askFirstLetters,
              { model },
              { hook: "blocks.0.hook_resid_pre", words_per_letter: 12 },
              yield* temporaryDirectory,
              { checkpoint }
            )
          )
          return { result, saves: saves() }
        })
        const whole = yield* asked(join(yield* temporaryDirectory, "whole"), Infinity)
        const stops = join(yield* temporaryDirectory, "stops")
        // Once among the words, once in the first of the two passes that measure their effect.
        const [first, second] = [3, whole.saves - 4]
        expect(Exit.hasInterrupts((yield* asked(stops, first)).result)).toBe(true)
        expect(Exit.hasInterrupts((yield* asked(stops, second)).result)).toBe(true)
        const last = yield* asked(stops, Infinity)
        expect(last.saves).toBe(whole.saves - first - second)
        const [resumed, undisturbed] = [yield* last.result, yield* whole.result]
        expect(resumed.artifact.digest).toBe(undisturbed.artifact.digest)
        expect(resumed.metrics).toEqual(undisturbed.metrics)
      })
    ))

  it("measures other classes of words the same way, without asking the model for them", async () => {
    const { metrics, file } = await run(
      evaluate("blocks.1.hook_resid_post", 192, {
        task: "part_of_speech",
        words_per_letter: 60,
        splits: 1,
        max_k: 1,
        min_probe_f1: 0,
        seed: 1
      })
    )
    expect(file.letters.map(({ letter }) => letter)).toEqual(["noun", "name", "verb", "adjective", "adverb"])
    const counts = file.letters.map(({ known_words }) => known_words)
    const words = counts.reduce((a, b) => a + b)
    expect(Math.max(...counts)).toBe(60)
    // Five classes: a guess is right in a fifth of the words.
    expect(metrics["probe_accuracy"]).toBeGreaterThan(0.4)
    expect(file.model).toEqual({ words, correct: words, accuracy: null })
    expect(metrics).not.toHaveProperty("first_letter_accuracy")
    expect(file.rate_unmeasured).toContain("there is no answer")
    await expect(
      run(evaluate("blocks.1.hook_resid_post", 192, { task: "number", words_per_letter: 20 }))
    ).rejects.toThrow("40 words of one token are too few for absorption, 260 are needed: 20 singular, 20 plural")
  })

  it("gives no number where too few letters are readable", async () => {
    const failure = await run(
      Effect.flip(
        evaluate("blocks.1.hook_resid_post", 192, {
          words_per_letter: 14,
          splits: 1,
          max_k: 1,
          min_probe_f1: 1,
          ablated_words: 0
        })
      )
    )
    expect(failure.message).toMatch(
      /only \d+ of the letters have a probe with F1 > 1 at blocks.1.hook_resid_post, 20 are needed/
    )
    expect(failure.message).toContain("knows first letters")
  })

  it("says that the words are too few, not that the model is unfit, where few are asked for", async () => {
    const { message } = await run(Effect.flip(evaluate("blocks.1.hook_resid_post", 192, { words_per_letter: 5 })))
    expect(message).toMatch(/^\d+ words are too few for absorption, 260 are needed\n {2}Raise words_per_letter \(5\)/)
  })

  it("refuses an unknown hook, a hook of another width, and an SAE that names none", async () => {
    const message = async (hook: string | null, d_in: number) =>
      (await run(Effect.flip(evaluate(hook, d_in, {})))).message
    expect(await message("blocks.9.hook_resid_post", 192)).toContain("blocks 0 to 3")
    expect(await message("blocks.1.mlp.hook_post", 192)).toContain("blocks.1.mlp.hook_post gives [768] a token")
    expect(await message(null, 192)).toContain("Set hook")
  })
})
