/** Asks for an explanation of a latent from what is known of it, after two that are answered: a small model repeats a task that is only told. */
import type { TokenWeight } from "../../kinds/interpretations.ts"
import type { ChatMessage } from "../../chat/chat-model.ts"
import type { Evidence } from "./evidence.ts"
import { activeTokens, markedText, type TokenText } from "./example-text.ts"

/** What of a latent the explainer is told: texts, some of them silent ones; and tokens that it makes likelier and less likely. */
interface Told {
  readonly examples: boolean
  readonly silent: boolean
  readonly output: boolean
}

const task = ({ examples, output, silent }: Told): string =>
  [
    "You study features of a language model.",
    ...(examples
      ? [
          `${silent ? "Most numbered texts make" : "Each numbered text makes"} one feature active; the tokens on which it is active stand between << and >>, and their strengths from 1 to 10 follow the text.`
        ]
      : []),
    ...(output
      ? ["Tokens are listed that the feature makes more likely to come next, and ones that it makes less likely."]
      : []),
    examples
      ? "Say in one line of at most twenty words what these tokens, or what comes before them, have in common."
      : "Say in one line of at most twenty words what the feature stands for."
  ].join(" ")

const shownText = (text: string, strengths: string, i: number): string =>
  `Text ${i + 1}: ${text}\nStrengths: ${strengths}`

const quoted = (words: ReadonlyArray<string>): string => words.map((word) => JSON.stringify(word)).join(", ")

const shownOutput = (likelier: ReadonlyArray<string>, lessLikely: ReadonlyArray<string>): string =>
  `More likely: ${quoted(likelier)}\nLess likely: ${quoted(lessLikely)}`

interface Answered {
  readonly texts: ReadonlyArray<readonly [text: string, strengths: string]>
  readonly likelier: ReadonlyArray<string>
  readonly lessLikely: ReadonlyArray<string>
  readonly explanation: string
}

/** Answered before: a small model repeats a task that is only told. */
const answered: ReadonlyArray<Answered> = [
  {
    texts: [
      ["She had bought a <<red>> coat for the winter", '" red" 9'],
      ["and the sea was <<blue>> behind the <<grey>> houses", '" blue" 10, " grey" 6'],
      ["until the leaves were <<yellow>> again", '" yellow" 8']
    ],
    likelier: [" red", " blue", " coloured", " paint"],
    lessLikely: [" why", " seven", " Monday"],
    explanation: "names of colours"
  },
  {
    texts: [
      ["It was early <<in>> the morning when they came", '" in" 10'],
      ["He lived <<in>> a house by the river", '" in" 9'],
      ["nothing that was put <<in>> writing", '" in" 7']
    ],
    likelier: [" the", " a", " which", " this"],
    lessLikely: [" is", " did", "ing"],
    explanation: 'the word "in"'
  }
]

const part = (told: Told, texts: ReadonlyArray<string>, output: string): string =>
  [...(told.examples ? texts : []), ...(told.output ? [output] : [])].join("\n\n")

const answers = (told: Told): ReadonlyArray<ChatMessage> =>
  answered.flatMap(({ texts, likelier, lessLikely, explanation }): ReadonlyArray<ChatMessage> => [
    {
      role: "user",
      content: part(
        told,
        texts.map(([text, strengths], i) => shownText(text, strengths, i)),
        shownOutput(likelier, lessLikely)
      )
    },
    { role: "assistant", content: `EXPLANATION: ${explanation}` }
  ])

/** Twenty words are some 30 tokens. */
export const explanationForm = { begins: "EXPLANATION:", ends: "\n", most: 48 }

/** Shown strength: 10 at the latent's maximum, at least 1. */
const strength = (value: number, max: number): number => Math.min(10, Math.max(1, Math.ceil((10 * value) / max)))

/** @param threshold activation from which on a token is marked */
export const explainPrompt = (
  { examples, output }: Pick<Evidence, "examples" | "output">,
  { max, threshold, text }: { readonly max: number; readonly threshold: number; readonly text: TokenText }
): ReadonlyArray<ChatMessage> => {
  const shown = examples.map((example, i) => {
    const active = activeTokens(example, threshold)
    const strengths = example.tokens.flatMap((token, t) =>
      active[t] === true ? [`${JSON.stringify(text(token))} ${strength(example.activations[t] ?? 0, max)}`] : []
    )
    return shownText(markedText(example, active, text), strengths.length === 0 ? "none" : strengths.join(", "), i)
  })
  const words = (weights: ReadonlyArray<TokenWeight>): ReadonlyArray<string> => weights.map(({ token }) => text(token))
  const told: Told = {
    examples: examples.length > 0,
    silent: examples.some((example) => !activeTokens(example, threshold).includes(true)),
    output: output !== undefined
  }
  const content = part(told, shown, shownOutput(words(output?.promoted ?? []), words(output?.suppressed ?? [])))
  return [{ role: "system", content: task(told) }, ...answers(told), { role: "user", content }]
}

/** What follows the last EXPLANATION:, or an answer of one line as it is; undefined where there is neither. */
export const readExplanation = (answer: string): string | undefined => {
  const lines = answer.split("\n").map((line) => line.replaceAll("*", "").trim())
  const marked = lines.findLast((line) => /^explanation\s*:/i.test(line))
  const written = lines.filter((line) => line !== "")
  const text = (marked ?? (written.length === 1 ? written[0] : undefined))?.replace(/^explanation\s*:/i, "").trim()
  return text === undefined || text === "" ? undefined : text
}
