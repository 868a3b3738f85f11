/** What is wrong with parameters together is told before anything runs, at the parameter that it is about. */
import { assert, describe, it } from "vitest"
import * as Result from "effect/Result"
import type { Json } from "../../src/json/canonical-json.ts"
import { formatParamProblem } from "../../src/stage/param-problem.ts"
import type { Param } from "../../src/stage/param.ts"
import type { StageKind } from "../../src/stage/stage.ts"
import autoInterp from "../../stages/auto-interp.ts"
import capture from "../../stages/capture-activations.ts"
import evaluateSae from "../../stages/evaluate-sae.ts"
import loadText from "../../stages/load-text.ts"
import trainCrosscoder from "../../stages/train-crosscoder.ts"
import trainLm from "../../stages/train-lm.ts"
import trainMetaSae from "../../stages/train-meta-sae.ts"

const problemsOf = (
  kind: StageKind,
  given: Readonly<Record<string, Json>>,
  wired: Readonly<Record<string, number>> = {}
): ReadonlyArray<string> => {
  const defaults = Object.entries(kind.params).flatMap(([name, param]) =>
    param.default === undefined ? [] : [[name, param.default as Json] as const]
  )
  const none = Object.fromEntries(Object.keys(kind.inputs).map((name) => [name, 0]))
  const decoded = kind.decode({ ...Object.fromEntries(defaults), ...given }, { ...none, ...wired })
  return Result.isSuccess(decoded)
    ? []
    : decoded.failure.map((problem) => `${problem.param}: ${formatParamProblem(problem)}`)
}

describe("parameters together", () => {
  it("of load-text: one thing says what ids mean, and only some of them spell a BOS or an EOS", () => {
    const one = { model: 1 }
    assert.deepStrictEqual(problemsOf(loadText, {}, one), [])
    assert.deepStrictEqual(problemsOf(loadText, {}), [
      "model: nothing says what the token ids mean; give one of model, tokenizer, vocabulary and vocab_size"
    ])
    assert.deepStrictEqual(problemsOf(loadText, { vocab_size: 7 }, one), [
      "vocab_size: model and vocab_size both say what token ids mean; give one of model, tokenizer, vocabulary and vocab_size"
    ])
    assert.deepStrictEqual(problemsOf(loadText, { vocab_size: 7, separator: "eos", bos_token: "<s>" }), [
      "bos_token: bos_token is <s>, and ids alone have no spelling; give a model, a tokenizer or a vocabulary that has it",
      "separator: separator is eos, and no model says which token that is; set it to bos or none"
    ])
    assert.deepStrictEqual(problemsOf(loadText, { vocabulary: ["a", "b", "a"] }), [
      "vocabulary[2]: symbol a stands in it twice; list every symbol once"
    ])
  })

  it("of train-lm: each phase is looked at, and so is how they follow each other", () => {
    const [phase] = (trainLm.params["phases"] as Param<unknown>).default as readonly [Readonly<Record<string, Json>>]
    assert.deepStrictEqual(problemsOf(trainLm, {}), [])
    assert.deepStrictEqual(problemsOf(trainLm, { n_head: 5, phases: [{ ...phase, until: 0.5 }] }), [
      "n_head: n_head 5 does not divide n_embd 192 evenly",
      "phases: the last phase ends at 0.5; let it end at 1"
    ])
    const wrong = [
      { ...phase, text_rows: 0.9 },
      { ...phase, bare: 0.5 }
    ]
    assert.deepStrictEqual(problemsOf(trainLm, { phases: wrong }), [
      "phases[0]: text_rows and mixed_rows sum to 1.15, more than 1",
      "phases[1].until: until 1 does not lie after 1",
      "phases[1]: first_letter, spelled and bare sum to 1.42, not 1"
    ])
    const { until: _, ...without } = phase
    assert.match(
      problemsOf(trainLm, { phases: [without] }).join("\n"),
      /^phases\[0\]\.until: .*; a phase has until, text_rows/
    )
  })

  it("of other kinds", () => {
    const needed = { sae: 1, activations: 1 }
    assert.deepStrictEqual(problemsOf(evaluateSae, {}, needed), [])
    assert.deepStrictEqual(problemsOf(evaluateSae, { kl: true }, { ...needed, model: 1 }), [])
    assert.deepStrictEqual(problemsOf(evaluateSae, { kl: true }, needed), [
      "kl: kl is of a model, and none is given; give the model, or leave kl out"
    ])
    assert.deepStrictEqual(problemsOf(trainCrosscoder, { d_sae: 8, k: 2 }, { sources: 1 }), [
      "sources: there are 1 sources; give two or more"
    ])
    assert.deepStrictEqual(problemsOf(trainMetaSae, { d_sae: 3 }), [
      "k: a dictionary of 3 meta-latents has fewer than k = 4; raise d_sae, or lower k"
    ])
    assert.deepStrictEqual(problemsOf(capture, { hook: "x", outlier_factor: 0.5, materialize: false, dtype: "f16" }), [
      "outlier_factor: outlier_factor is 0.5: give 0 or more than 1",
      "dtype: dtype is f16: rows that are not stored are f32"
    ])
    assert.deepStrictEqual(problemsOf(autoInterp, { latents: 1 }), [
      "latents: latents is 1: the shuffled baseline needs two or more"
    ])
  })
})
