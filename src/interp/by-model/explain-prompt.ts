/** Asks for an explanation of a latent from texts on which it fires, after two that are answered: a small model repeats a task that is only told. */
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import type { ChatMessage } from "../../chat/chat-model.ts"
import { activeTokens, markedText, type TokenText } from "./example-text.ts"

const task = `You study features of a language model. Each numbered text makes one feature active; the tokens on which it is active stand between << and >>, and their strengths from 1 to 10 follow the text. Say in one line of at most twenty words what these tokens, or what comes before them, have in common.`

const shownText = (text: string, strengths: string, i: number): string =>
  `Text ${i + 1}: ${text}\nStrengths: ${strengths}`

const answered = (
  texts: ReadonlyArray<readonly [text: string, strengths: string]>,
  explanation: string
): ReadonlyArray<ChatMessage> => [
  { role: "user", content: texts.map(([text, strengths], i) => shownText(text, strengths, i)).join("\n\n") },
  { role: "assistant", content: `EXPLANATION: ${explanation}` }
]

const answers = [
  ...answered(
    [
      ["She had bought a <<red>> coat for the winter", '" red" 9'],
      ["and the sea was <<blue>> behind the <<grey>> houses", '" blue" 10, " grey" 6'],
      ["until the leaves were <<yellow>> again", '" yellow" 8']
    ],
    "names of colours"
  ),
  ...answered(
    [
      ["It was early <<in>> the morning when they came", '" in" 10'],
      ["He lived <<in>> a house by the river", '" in" 9'],
      ["nothing that was put <<in>> writing", '" in" 7']
    ],
    'the word "in"'
  )
]

/** Twenty words are some 30 tokens. */
export const explanationForm = { begins: "EXPLANATION:", ends: "\n", most: 48 }

/** Shown strength: 10 at the latent's maximum, at least 1. */
const strength = (value: number, max: number): number => Math.min(10, Math.max(1, Math.ceil((10 * value) / max)))

/** @param threshold activation from which on a token is marked */
export const explainPrompt = (
  examples: ReadonlyArray<ActivatingExample>,
  { max, threshold, text }: { readonly max: number; readonly threshold: number; readonly text: TokenText }
): ReadonlyArray<ChatMessage> => {
  const shown = examples.map((example, i) => {
    const active = activeTokens(example, threshold)
    const strengths = example.tokens.flatMap((token, t) =>
      active[t] === true ? [`${JSON.stringify(text(token))} ${strength(example.activations[t] ?? 0, max)}`] : []
    )
    return shownText(markedText(example, active, text), strengths.join(", "), i)
  })
  return [{ role: "system", content: task }, ...answers, { role: "user", content: shown.join("\n\n") }]
}

/** What follows the last EXPLANATION:, or an answer of one line as it is; undefined where there is neither. */
export const readExplanation = (answer: string): string | undefined => {
  const lines = answer.split("\n").map((line) => line.replaceAll("*", "").trim())
  const marked = lines.findLast((line) => /^explanation\s*:/i.test(line))
  const written = lines.filter((line) => line !== "")
  const text = (marked ?? (written.length === 1 ? written[0] : undefined))?.replace(/^explanation\s*:/i, "").trim()
  return text === undefined || text === "" ? undefined : text
}
