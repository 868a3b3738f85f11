/**
 * Detection, fuzzing and simulation beside Delphi's own scorers, on the same examples and the same recorded answers.
 *
 *     DELPHI_PYTHON=/path/to/python node bench/delphi-scorers/main.ts
 *
 * Every example has a number in its text; what was answered about it is drawn once, by that number: yes, no, or something that cannot
 * be read, and for every token the log probabilities of the numbers 0 to 10. Both sides ask for one text at a time. Ends with 1
 * where a number differs by more than 1e-6.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { AnswerToken, ChatAnswer, ChatModel } from "../../src/chat/chat-model.ts"
import { activeTokens, markedText } from "../../src/interp/by-model/example-text.ts"
import { latentTests } from "../../src/interp/by-model/latent-tests.ts"
import { scoreLatent } from "../../src/interp/by-model/score-latent.ts"
import type { ActivatingExample } from "../../src/kinds/interpretations.ts"
import { make, type Rng } from "../../src/random/rng.ts"

const [latents, texts, length] = [40, 25, 24]
const tolerance = 1e-6
const share = 0.3

const words = Array.from({ length: 500 }, (_, i) => ` w${i}`)
/** Tokens from 500 on are the numbers of examples. */
const text = (token: number): string => words[token] ?? ` id${token - 500}`

interface Case {
  readonly firing: ReadonlyArray<ActivatingExample>
  readonly silent: ReadonlyArray<ActivatingExample>
}

const exampleOf = (rng: Rng, number: number, fires: boolean): ActivatingExample => {
  const tokens = Array.from({ length }, (_, i) => (i === 0 ? 500 + number : rng.int(500)))
  const activations = tokens.map((_, i) => (fires && i > 0 && rng.float() < 0.2 ? rng.float() : 0))
  // Each text reaches the same maximum: Delphi takes its threshold from each text, we from the latent.
  if (fires) activations[1 + rng.int(length - 1)] = 1.5
  return { position: 0, pivot: activations.indexOf(1.5), tokens, activations }
}

const caseOf = (latent: number): Case => {
  const rng = make(latent, "delphi scorers")
  const of = (first: number, fires: boolean) =>
    Array.from({ length: texts }, (_, i) => exampleOf(rng, first + i, fires))
  return { firing: of(0, true), silent: of(texts, false) }
}

const answersOf = (latent: number, { firing, silent }: Case) => {
  const rng = make(latent, "answers")
  const judged = (right: boolean) => (rng.float() < 0.08 ? null : rng.float() < 0.75 === right)
  const all = [...firing, ...silent]
  return {
    detection: all.map((_, i) => judged(i < texts)),
    fuzzing: all.map(() => judged(rng.float() < 0.5)),
    strengths: all.map(({ activations }) =>
      activations.map((value) => {
        const weights = Array.from({ length: 11 }, (_, n) => Math.exp(-Math.abs(n - 6 * value) + rng.normal()))
        const sum = weights.reduce((a, b) => a + b, 0) / 0.9
        return weights.map((weight) => Math.log(weight / sum))
      })
    )
  }
}
type Answers = ReturnType<typeof answersOf>

const numberIn = (content: string): number => Number(/ id(\d+)/.exec(content)?.[1])

const replaying = (answers: Answers): ChatModel => ({
  ask: ({ alternatives, messages }) =>
    Effect.sync((): ChatAnswer => {
      const [system = "", user = ""] = messages.map(({ content }) => content)
      const number = numberIn(user)
      const usage = { prompt: 0, completion: 0 }
      if (!alternatives) {
        const said = answers[system.includes("<<") ? "fuzzing" : "detection"][number]
        return { text: said === null ? "I cannot tell." : `[${said === true ? 1 : 0}]`, tokens: null, usage }
      }
      const tokens = (answers.strengths[number] ?? []).map((logprobs): AnswerToken => ({
        token: String(logprobs.indexOf(Math.max(...logprobs))),
        alternatives: logprobs.map((logprob, n) => ({ token: String(n), logprob }))
      }))
      return { text: "", tokens, usage }
    }),
  spent: () => ({ requests: 0, kept: 0, tokens: 0 })
})

const threshold = share * 1.5

const ours = Effect.forEach([...Array(latents).keys()], (latent) =>
  Effect.gen(function* () {
    const examples = caseOf(latent)
    const answers = answersOf(latent, examples)
    const tests = latentTests(examples, { threshold, simulated: texts, text }, make(latent, "tests"))
    const scores = yield* scoreLatent({ chat: replaying(answers), reader: undefined }, "whatever", tests, {
      scorers: ["detection", "fuzzing", "simulation"],
      perRequest: 1,
      probabilities: true,
      text,
      unread: () => undefined
    })
    const all = [...examples.firing, ...examples.silent]
    return {
      examples: all.map((example) => ({
        tokens: example.tokens.map(text),
        activations: example.activations,
        marked: markedText(example, activeTokens(example, threshold), text)
      })),
      fires: all.map((_, i) => i < texts),
      answers,
      fuzzing: tests.fuzzing.map((each) => ({ number: numberIn(each.text.replace("<<", "")), right: each.right })),
      scores
    }
  })
)

/** @returns the exit code: 0 where the peer says the same */
const askPeer = (python: string, cases: Effect.Success<typeof ours>): number => {
  const folder = mkdtempSync(join(tmpdir(), "delphi-scorers-"))
  const file = join(folder, "cases.json")
  writeFileSync(file, JSON.stringify({ tolerance, cases }))
  try {
    process.stdout.write(execFileSync(python, [join(import.meta.dirname, "peer.py"), file], { encoding: "utf8" }))
    return 0
  } catch (error) {
    process.stdout.write(String((error as { stdout?: string }).stdout ?? error))
    return 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const main = Effect.gen(function* () {
  const python = process.env["DELPHI_PYTHON"]
  if (python === undefined) {
    process.stderr.write("DELPHI_PYTHON is not set: a Python with eai-delphi (bench/README.md)\n")
    return 2
  }
  const cases = yield* ours
  return askPeer(python, cases)
})
process.exitCode = await Effect.runPromise(main)
