import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { beforeAll, describe, expect } from "vitest"
import type { ChatRequest } from "../../src/chat/chat-model.ts"
import { answeredBefore } from "../../src/chat/answered-before.ts"
import { localReader } from "../../src/chat/local-reader.ts"
import { localModel } from "../../src/chat/local-model.ts"
import type { ChatTemplate } from "../../src/kinds/language-model/language-model-handle.ts"
import { readLanguageModel } from "../../src/kinds/language-model/read-language-model.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import type { Checkpoint, CheckpointState } from "../../src/stage/checkpoint.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

/** The embedded model spells: asked for the first letter of a word, it says it. */
const template =
  "{{ bos_token }}{% for message in messages %}{{ message.content }}{% endfor %}{% if add_generation_prompt %}:{% endif %}"
const spelling = (word: string, maxTokens = 1, ends = "\n"): ChatRequest => ({
  messages: [
    { role: "system", content: " moon has the first letter: M\n tree has the first letter: T\n" },
    { role: "user", content: ` ${word} has the first letter` }
  ],
  maxTokens,
  alternatives: true,
  form: { begins: "", ends }
})

const keeping = () => {
  let saved: CheckpointState | undefined
  const checkpoint: Checkpoint = {
    load: Effect.sync(() => saved),
    due: () => true,
    save: (state) => Effect.sync(() => void (saved = state))
  }
  return checkpoint
}

const opened = (checkpoint: Checkpoint, chat?: ChatTemplate) =>
  Effect.gen(function* () {
    const folder = yield* folderFiles(join(import.meta.dirname, "../../models/tiny-speller"))
    const handle = yield* readLanguageModel(yield* filesArtifact("LanguageModel", folder))
    return yield* localModel({ ...handle, chatTemplate: Effect.succeed(chat) }, yield* answeredBefore(checkpoint))
  })
const reading = Effect.gen(function* () {
  const folder = yield* folderFiles(join(import.meta.dirname, "../../models/tiny-speller"))
  const handle = yield* readLanguageModel(yield* filesArtifact("LanguageModel", folder))
  return yield* localReader(handle, yield* answeredBefore(keeping()))
})
const chat = { template, tokens: { bos_token: "<|endoftext|>" } }

describe("a model that is run here, asked", () => {
  it.effect("answers as it was trained to, with the probabilities of what it might have said", () =>
    Effect.gen(function* () {
      const model = yield* opened(keeping(), chat)
      for (const word of ["house", "water", "people"]) {
        const { text, tokens, usage } = yield* model.ask(spelling(word))
        expect(text.trim()).toBe(word[0]?.toUpperCase())
        const [said] = tokens!
        expect(said!.alternatives[0]!.token).toBe(said!.token)
        const sum = said!.alternatives.reduce((all, { logprob }) => all + Math.exp(logprob), 0)
        expect(sum).toBeLessThanOrEqual(1 + 1e-6)
        expect(sum).toBeGreaterThan(0.9)
        expect(usage.completion).toBe(1)
      }
    })
  )

  it.effect("is held to what the answer begins with, and stops where it ends", () =>
    Effect.gen(function* () {
      const model = yield* opened(keeping(), chat)
      const whole = yield* model.ask(spelling("cat", 12, "never"))
      const third = whole.tokens![2]!.token
      const { text } = yield* model.ask(spelling("cat", 12, third))
      expect(whole.text.startsWith(text)).toBe(true)
      expect(text.endsWith(third)).toBe(true)
      const held = yield* model.ask({ ...spelling("cat"), form: { begins: " d o", ends: "\n" } })
      expect(held.text.startsWith(" d o")).toBe(true)
    })
  )

  it.effect(
    "is held to a list of as many choices, each with its probability; what questions share is run once, to the same answer",
    () =>
      Effect.gen(function* () {
        const model = yield* opened(keeping(), chat)
        const [first, second] = spelling("cat").messages
        const list = {
          ...spelling("cat"),
          form: { begins: "[", ends: "]", list: { count: 4, of: ["0", "1", "7", "no token"] } }
        }
        const { text, tokens } = yield* model.ask(list)
        expect(text).toMatch(/^\[[017](, [017]){3}\]$/)
        for (const { token, alternatives } of tokens ?? []) {
          expect(alternatives[0]?.token).toBe(token)
          expect(alternatives.map((each) => each.token).toSorted()).toEqual(["0", "1", "7"])
          expect(alternatives[0]!.logprob).toBeGreaterThanOrEqual(alternatives[1]!.logprob)
        }
        // As what it says freely would have it: the probabilities are among all tokens.
        const free = yield* model.ask({ ...spelling("cat", 1, "never"), form: { begins: "[", ends: "never" } })
        const known = new Map(free.tokens?.[0]?.alternatives.map((each) => [each.token, each.logprob]))
        for (const { token, logprob } of tokens?.[0]?.alternatives ?? []) {
          if (known.has(token)) expect(logprob).toBeCloseTo(known.get(token)!, 4)
        }
        const last = second ?? first
        const shared = yield* model.ask({ ...list, shared: last?.content.slice(0, 4) ?? "" })
        expect(shared.text).toBe(text)
        for (const [i, { alternatives }] of (shared.tokens ?? []).entries()) {
          for (const [j, { logprob }] of alternatives.entries()) {
            expect(logprob).toBeCloseTo(tokens![i]!.alternatives[j]!.logprob, 4)
          }
        }
      })
  )

  it.effect("answers once: a run that was killed goes on with the next question", () =>
    Effect.gen(function* () {
      const checkpoint = keeping()
      const first = yield* opened(checkpoint, chat)
      const answer = yield* first.ask(spelling("cat"))
      const second = yield* opened(checkpoint, chat)
      expect(yield* second.ask(spelling("cat"))).toEqual(answer)
      yield* second.ask(spelling("dog"))
      expect(second.spent()).toMatchObject({ requests: 1, kept: 1 })
    })
  )

  it.effect("saves what is answered side by side one after the other, and in the end all of it", () =>
    Effect.gen(function* () {
      let [saving, most] = [0, 0]
      const checkpoint = keeping()
      const slow = (state: CheckpointState) =>
        Effect.gen(function* () {
          most = Math.max(most, ++saving)
          for (let i = 0; i < 5; i++) yield* Effect.yieldNow
          yield* checkpoint.save(state)
          saving--
        })
      const { answered } = yield* answeredBefore({ ...checkpoint, save: slow })
      const questions = [1, 2, 3, 4, 5]
      const ask = (question: number) => answered(Schema.Int, question, Effect.as(Effect.yieldNow, question ** 2))
      yield* Effect.forEach(questions, ask, { concurrency: "unbounded" })
      expect(most).toBe(1)
      const again = yield* answeredBefore(checkpoint)
      const known = yield* Effect.forEach(questions, (each) => again.answered(Schema.Int, each, Effect.die("asked")))
      expect(known).toEqual([1, 4, 9, 16, 25])
    })
  )

  it.effect("has to say how conversations read", () =>
    Effect.gen(function* () {
      const refused = yield* Effect.flip(opened(keeping()))
      expect(refused.message).toContain("it has no chat template")
    })
  )
})

describe("a model that is run here, reading", () => {
  it.effect("finds what fits likelier, whatever is read beside it", () =>
    Effect.gen(function* () {
      const reader = yield* reading
      const after = " moon has the first letter: M\n tree has the first letter: T\n house has the first letter:"
      const texts = [" H", " Q", " H\n water has the first letter: W"]
      const all = yield* reader.logLikelihoods(after, texts)
      expect(all[0]).toBeGreaterThan(Math.log(0.5))
      expect(all[1]).toBeLessThan(all[0]! - 2)
      for (const [i, text] of texts.entries()) {
        expect((yield* reader.logLikelihoods(after, [text]))[0]).toBeCloseTo(all[i]!, 3)
      }
      // The chain rule: what comes later is as likely after the whole beginning.
      const [rest] = yield* reader.logLikelihoods(`${after} H`, ["\n water has the first letter: W"])
      expect(all[0]! + rest!).toBeCloseTo(all[2]!, 3)
    })
  )

  it.effect("has the same inside for a text, whatever is read beside it", () =>
    Effect.gen(function* () {
      const reader = yield* reading
      const [alone] = yield* reader.embeddings([" a cat"])
      const [beside, other] = yield* reader.embeddings([" a cat", " one of many more words than that"])
      for (const [i, value] of alone!.entries()) expect(beside![i]).toBeCloseTo(value, 4)
      expect(Math.hypot(...alone!.map((value, i) => value - other![i]!))).toBeGreaterThan(1)
    })
  )
})
