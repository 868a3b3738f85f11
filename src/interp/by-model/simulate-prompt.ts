/**
 * Simulation (Bills et al. 2023, "Language models can explain neurons in language models"): how strong is the feature on every token
 * of a text, by its explanation? Where the model tells what else it might have written, the answer of a token is the expected
 * value over the numbers, else the number itself.
 */
import type { AnswerToken, ChatAnswer, ChatMessage } from "../../chat/chat-model.ts"
import { featureLine } from "./feature-line.ts"

const asked = (explanation: string, tokens: ReadonlyArray<string>): ChatMessage => ({
  role: "user",
  content: `${featureLine(explanation)}${tokens.map((token) => JSON.stringify(token)).join("\n")}\n\nAnswer with a list of ${tokens.length} numbers.`
})

/** One that is answered comes first: a small model repeats a form that is only told. */
export const simulatePrompt = (explanation: string, tokens: ReadonlyArray<string>): ReadonlyArray<ChatMessage> => [
  {
    role: "system",
    content: `You are given what is said of one feature of a language model, and the tokens of a text, a line each. Say for each token how strongly the feature is active on it, from 0 (not at all, which is so for most tokens) to 9, if what is said is right. Answer with a list of as many whole numbers as there are tokens and nothing else, such as [0,0,7].`
  },
  asked("names of colours", ["She", " had", " a", " red", " coat"]),
  { role: "assistant", content: "[0,0,0,9,0]" },
  asked(explanation, tokens)
]

/**
 * What a strength is written as. One digit: where tokens are digits, 10 begins as 1 does, and a model that is held to the list would be read as
 * saying the least where it means the most.
 */
export const strengthTexts = Array.from({ length: 10 }, (_, value) => String(value))

const strength = (text: string): number | undefined => {
  const bare = text.trim()
  return /^(?:10|[0-9])$/.test(bare) ? Number(bare) : undefined
}

/** The mean of the numbers among the alternatives, by their probabilities; undefined where the token is no number. */
const expected = ({ token, alternatives }: AnswerToken): number | undefined => {
  if (strength(token) === undefined) return undefined
  let [sum, weight] = [0, 0]
  for (const { token: other, logprob } of alternatives) {
    const value = strength(other)
    if (value === undefined) continue
    sum += value * Math.exp(logprob)
    weight += Math.exp(logprob)
  }
  return weight > 0 ? sum / weight : strength(token)
}

/** A strength for each of `count` tokens, 0 to 9, or 10 where that is said all the same; undefined where the answer does not hold that many. */
export const readSimulation = ({ text, tokens }: ChatAnswer, count: number): ReadonlyArray<number> | undefined => {
  const weighed = tokens?.flatMap((each) => expected(each) ?? [])
  // A model that writes 10 as two tokens, or numbers elsewhere too, is taken at its word.
  if (weighed !== undefined && weighed.length === count) return weighed
  const lists = [...text.matchAll(/\[([\s\d,]*)\]/g)].map(([, inside = ""]) => inside.split(",").map(strength))
  const fitting = lists.findLast((list) => list.length === count)
  return fitting?.every((each) => each !== undefined) === true ? fitting : undefined
}
