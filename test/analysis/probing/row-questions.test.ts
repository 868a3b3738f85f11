import * as Result from "effect/Result"
import { expect, it } from "vitest"
import { decodeProbe } from "../../../src/analysis/probing/probe-params.ts"
import { answerOf, decodeRowQuestions } from "../../../src/analysis/probing/row-questions.ts"

const token = { text: "the President of the United States", document: "sotu/1902.txt#3", place: 17 }

it("questions are about a token's text, its document or its place, and only of the tokens that they are about", () => {
  const asked = (question: Parameters<typeof answerOf>[0]) => answerOf(question)(token)
  expect(asked({ name: "compound", text: "United States$", among: "( United| States)$" })).toBe(true)
  expect(asked({ name: "compound", text: "New York$", among: "( New| York)$" })).toBe(undefined)
  expect(asked({ name: "compound", text: "many States$", among: " States$" })).toBe(false)
  expect(asked({ name: "speech", document: "^sotu/" })).toBe(true)
  expect(asked({ name: "speech", document: "^sotu/", among: "^(moby-dick|brown)/" })).toBe(undefined)
  expect([asked({ name: "early", before: 16 }), asked({ name: "early", before: 18 })]).toEqual([false, true])
})

it("what is wrong with tasks is told by its place", () => {
  const problems = (tasks: Parameters<typeof decodeRowQuestions>[0]) =>
    Result.match(decodeRowQuestions(tasks), {
      onSuccess: () => [],
      onFailure: (found) => found.map(({ param, problem }) => `${param}: ${problem}`)
    })
  expect(problems([{ name: "a", text: "x$" }])).toEqual([])
  expect(problems([{ name: "a", text: "x$", before: 3 }])).toEqual(["tasks[0]: a asks for text and before"])
  expect(problems([{ name: "a" }])).toEqual(["tasks[0]: a asks for nothing"])
  expect(problems([{ name: "a", text: "(" }])[0]).toContain("tasks[0].text: SyntaxError")
  expect(problems([{ name: "a", document: "^x", words: 3 }])[0]).toContain("tasks[0]")
  expect(
    problems([
      { name: "a", text: "x" },
      { name: "a", text: "y" }
    ])
  ).toEqual(["tasks[1].name: another task has that name"])
})

it("parameters of sparse-probe that do not go together are refused", () => {
  const params = { hook: null, words_per_document: 8, tasks: null, rows: 1000, ks: [1, 4], among: 16, seed: 0 } as const
  const problems = (given: object, activations = 0) =>
    Result.match(decodeProbe({ ...params, ranking: "exact", ...given }, { activations }), {
      onSuccess: () => [],
      onFailure: (found) => found.map(({ param }) => param)
    })
  expect(problems({})).toEqual([])
  expect(problems({ ks: [1, 8], among: 40 })).toEqual(["ks"])
  expect(problems({ ks: [1, 8], among: 40, ranking: "l1" })).toEqual([])
  expect(problems({ ks: [4, 1] })).toEqual(["ks"])
  expect(problems({ ks: [20] })).toEqual(["ks"])
  expect(problems({}, 1)).toEqual(["activations"])
  expect(problems({ tasks: [{ name: "a", text: "x" }] })).toEqual(["tasks"])
  expect(problems({ tasks: [{ name: "a", text: "x" }] }, 1)).toEqual([])
})
