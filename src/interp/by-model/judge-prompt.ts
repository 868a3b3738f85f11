/**
 * Two questions with yes or no for each text (Delphi, arXiv 2410.13928): detection asks whether a text makes the feature active,
 * fuzzing whether the marked tokens are those on which it is.
 */
import type { ChatMessage } from "../../chat/chat-model.ts"
import { featureLine } from "./feature-line.ts"

const questions = {
  detection: "whether the feature is active somewhere in the text",
  fuzzing: "whether the tokens between << and >> are ones on which the feature is active"
}

export type Question = keyof typeof questions

const asked = (explanation: string, texts: ReadonlyArray<string>): ChatMessage => ({
  role: "user",
  content: `${featureLine(explanation)}${texts.map((text, i) => `Text ${i + 1}: ${text}`).join("\n\n")}\n\nAnswer with a list of ${texts.length} numbers.`
})

/** Answered before: a small model repeats a form that is only told. */
const answered: Readonly<Record<Question, ReadonlyArray<ChatMessage>>> = {
  detection: [
    asked("names of colours", [
      "nothing that was put in writing",
      "until the leaves were yellow again",
      "and the sea was blue behind the houses",
      "the last train had left the town"
    ]),
    { role: "assistant", content: "[0,1,1,0]" }
  ],
  fuzzing: [
    asked("names of colours", [
      "until the <<leaves>> were yellow again",
      "She had bought a <<red>> coat for the winter",
      "and the sea was <<blue>> behind the houses",
      "the grass was green <<behind>> the wall"
    ]),
    { role: "assistant", content: "[0,1,1,0]" }
  ]
}

export const judgePrompt = (
  question: Question,
  explanation: string,
  texts: ReadonlyArray<string>
): ReadonlyArray<ChatMessage> => [
  {
    role: "system",
    content: `You are given what is said of one feature of a language model, and numbered texts. Judge for each text ${questions[question]}, if what is said is right. Answer with a list of as many numbers as there are texts and nothing else, 1 for yes and 0 for no, such as [1,0,0].`
  },
  ...answered[question],
  asked(explanation, texts)
]

/** The last list of exactly `count` numbers 0 and 1 in the answer; undefined where there is none. */
export const readJudgement = (answer: string, count: number): ReadonlyArray<boolean> | undefined => {
  const lists = [...answer.matchAll(/\[([\s01,]*)\]/g)].map(([, inside = ""]) =>
    inside.split(",").map((each) => each.trim())
  )
  const fitting = lists.findLast((list) => list.length === count && list.every((each) => each === "0" || each === "1"))
  return fitting?.map((each) => each === "1")
}
