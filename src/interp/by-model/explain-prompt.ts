/** Asks for an explanation of a latent from texts on which it fires. */
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import type { ChatMessage } from "../../chat/chat-model.ts"
import { activeTokens, markedText, type TokenText } from "./example-text.ts"

const task = `You study one feature of a language model. Each numbered text below makes the feature active; the tokens on which it is active stand between << and >>, and their strengths from 1 to 10 follow the text. Find out what these tokens, or what comes before them, have in common.
Answer in one line that begins with EXPLANATION: and says in at most twenty words when the feature is active. Name the tokens, the meaning or the place in the text; do not mention the marks, and do not list the texts.`

export const explanationForm = { begins: "EXPLANATION:", ends: "\n" }

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
    return `Text ${i + 1}: ${markedText(example, active, text)}\nStrengths: ${strengths.join(", ")}`
  })
  return [
    { role: "system", content: task },
    { role: "user", content: shown.join("\n\n") }
  ]
}

/** What follows the last EXPLANATION:, or an answer of one line as it is; undefined where there is neither. */
export const readExplanation = (answer: string): string | undefined => {
  const lines = answer.split("\n").map((line) => line.replaceAll("*", "").trim())
  const marked = lines.findLast((line) => /^explanation\s*:/i.test(line))
  const written = lines.filter((line) => line !== "")
  const text = (marked ?? (written.length === 1 ? written[0] : undefined))?.replace(/^explanation\s*:/i, "").trim()
  return text === undefined || text === "" ? undefined : text
}
