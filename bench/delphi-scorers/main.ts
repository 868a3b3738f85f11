/**
 * Detection, fuzzing (yes or no, and AUC), simulation and embedding beside Delphi's own scorers, on the same examples and the same recorded answers.
 *
 *     DELPHI_PYTHON=/path/to/python node bench/delphi-scorers/main.ts
 *
 * Every example has a number in its text; what was answered about it is drawn once, by that number: yes, no, or something that cannot
 * be read, how surely, a vector that stands for it, and for every token the log probabilities of the numbers 0 to 10. Both sides ask for one text at a time. Ends with 1
 * where a number differs by more than 1e-6.
 */
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { AnswerToken, ChatAnswer, ChatModel } from "../../src/chat/chat-model.ts"
import type { TextReader } from "../../src/chat/text-reader.ts"
import { activeTokens, markedText } from "../../src/interp/by-model/example-text.ts"
import { latentTests } from "../../src/interp/by-model/latent-tests.ts"
import { scoreLatent } from "../../src/interp/by-model/score-latent.ts"
import type { ActivatingExample } from "../../src/kinds/interpretations.ts"
import { make, type Rng } from "../../src/random/rng.ts"

const [latents, texts, length, dimensions] = [40, 25, 24, 12]
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
  const normal = (length: number) => Array.from({ length }, () => rng.normal())
  return {
    detection: all.map((_, i) => judged(i < texts)),
    fuzzing: all.map(() => judged(rng.float() < 0.5)),
    /** Probability of what was said, among 0 and 1; a tenth of all is on other tokens. */
    sure: all.map(() => 0.5 + 0.5 * rng.float()),
    embeddings: { explanation: normal(dimensions), texts: all.map(() => normal(dimensions)) },
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
  ask: ({ messages }) =>
    Effect.sync((): ChatAnswer => {
      const [system, user] = [messages[0]?.content ?? "", messages.at(-1)?.content ?? ""]
      const number = numberIn(user)
      const usage = { prompt: 0, completion: 0 }
      if (!system.includes("how strongly")) {
        const said = answers[system.includes("<<") ? "fuzzing" : "detection"][number]
        if (said === null) return { text: "I cannot tell.", tokens: [], usage }
        const [yes, no, sure] = [said === true ? "1" : "0", said === true ? "0" : "1", answers.sure[number] ?? 1]
        const alternatives = [
          { token: yes, logprob: Math.log(0.9 * sure) },
          { token: no, logprob: Math.log(0.9 * (1 - sure)) }
        ]
        const bracket = (token: string) => ({ token, alternatives: [{ token, logprob: 0 }] })
        return { text: `[${yes}]`, tokens: [bracket("["), { token: yes, alternatives }, bracket("]")], usage }
      }
      const tokens = (answers.strengths[number] ?? []).map((logprobs): AnswerToken => ({
        token: String(logprobs.indexOf(Math.max(...logprobs))),
        alternatives: logprobs.map((logprob, n) => ({ token: String(n), logprob }))
      }))
      return { text: "", tokens, usage }
    }),
  spent: () => ({ requests: 0, kept: 0, tokens: 0 })
})

const reading = ({ embeddings }: Answers): TextReader => ({
  logLikelihoods: () => Effect.die("not asked for"),
  embeddings: ([, ...read]) =>
    Effect.succeed([embeddings.explanation, ...read.map((each) => embeddings.texts[numberIn(each)] ?? [])])
})

const threshold = share * 1.5

const ours = Effect.forEach([...Array(latents).keys()], (latent) =>
  Effect.gen(function* () {
    const examples = caseOf(latent)
    const answers = answersOf(latent, examples)
    const tests = latentTests(examples, { threshold, simulated: texts, text }, make(latent, "tests"))
    const { scores } = yield* scoreLatent({ chat: replaying(answers), reader: reading(answers) }, "whatever", tests, {
      scorers: ["detection", "fuzzing", "simulation", "embedding"],
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
