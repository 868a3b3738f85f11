import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import type { Gpt2Config } from "../../src/model/decoder/gpt2-config.ts"
import { drillWordTokens, interleaveByLetter } from "../../src/model/train/drill-lines.ts"
import { learningRate, type LmTrainer, makeLmTrainer } from "../../src/model/train/lm-trainer.ts"
import { type RowOptions, targetKind, trainingRows } from "../../src/model/train/training-rows.ts"
import type { WordRole } from "../../src/text/drill-words.ts"
import { loadTestEngine } from "../engine.ts"

/** A toy tokenizer: words, punctuation and newlines are tokens, numbered as they come. */
const ids = new Map<string, number>([
  ["<|endoftext|>", 0],
  ["\n", 1]
])
const encode = (text: string): ReadonlyArray<number> =>
  (text.match(/ ?\w+|\n|[^\w\s]/g) ?? []).map((token) => {
    if (!ids.has(token)) ids.set(token, ids.size)
    return ids.get(token) as number
  })

const wordList = ["cat", "dog", "ant", "cow", "bee", "ape", "bat", "dove"]
const roles = new Map<string, WordRole>(wordList.map((word) => [word, "drilled"]))
roles.set("ape", "unseen")
roles.set("bat", "spelled")
const words = interleaveByLetter(drillWordTokens(wordList, roles, encode))
const text = Int32Array.from(encode(" the sea is wide and the ship is small on the sea".repeat(20)))

const options: RowOptions = {
  seed: 5,
  steps: 20,
  batch: 4,
  context: 24,
  phases: [
    {
      until: 1,
      textRows: 0.4,
      mixedRows: 0.3,
      forms: { first_letter: 0.6, spelled: 0.2, bare: 0.2 },
      letterWeight: { first_letter: 5, bare: 3 }
    }
  ],
  wordWeight: 0.2,
  firstPool: 2,
  poolHold: 0.25,
  poolFull: 0.75
}
const rows = trainingRows(text, words, 0, 1, options)

describe("training rows", () => {
  const nameOf = (id: number): string => [...ids].find(([, value]) => value === id)?.[0] ?? "?"

  it("are a function of the step alone, and each begins with the end of text", () => {
    const again = trainingRows(text, words, 0, 1, options)
    for (const step of [7, 0, 19]) {
      const batch = rows.at(step)
      expect(again.at(step)).toEqual(batch)
      for (let r = 0; r < options.batch; r++) expect(batch.tokens[r * options.context]).toBe(0)
      // A target is the token that follows.
      expect(Array.from(batch.targets.slice(0, 23))).toEqual(Array.from(batch.tokens.slice(1, 24)))
    }
  })

  it("ask for the right letter with its weight, of drilled words only", () => {
    let letters = 0
    for (let step = 0; step < options.steps; step++) {
      const { tokens, targets, weights, kinds } = rows.at(step)
      for (const [i, kind] of kinds.entries()) {
        if (kind !== targetKind.letter && kind !== targetKind.bareLetter) continue
        letters++
        const word = nameOf(tokens[kind === targetKind.letter ? i - 5 : i] as number).trim()
        if (i % options.context < 5) continue
        expect(roles.get(word)).toBe("drilled")
        expect(nameOf(targets[i] as number)).toBe(` ${word.charAt(0).toUpperCase()}`)
        expect(weights[i]).toBe(kind === targetKind.letter ? 5 : 3)
      }
    }
    expect(letters).toBeGreaterThan(50)
  })

  it("never hold a word that is in no drill, and begin with a small pool", () => {
    expect(rows.poolSize(0)).toBe(2)
    expect(rows.poolSize(5)).toBe(2)
    expect(rows.poolSize(15)).toBe(7)
    for (let step = 0; step < options.steps; step++) {
      expect(Array.from(rows.at(step).tokens)).not.toContain(ids.get(" ape"))
    }
    const early = new Set(Array.from(rows.at(0).tokens, nameOf))
    expect(["ant", "bee", "cow", "dog", "dove"].filter((word) => early.has(` ${word}`)).length).toBeLessThanOrEqual(2)
  })

  it("take every text window once before any comes again", () => {
    const numbers = Int32Array.from({ length: 500 }, (_, i) => i)
    const only = trainingRows(numbers, [], 0, 1, { ...options, batch: 1 })
    // 500 tokens have 19 windows of 24 that leave room for the shift of an epoch.
    const starts = new Set<number>()
    for (let step = 0; step < 19; step++) starts.add(only.at(step).tokens[1] as number)
    expect(starts.size).toBe(19)
    const shift = new Set(Array.from(starts, (start) => start % 24))
    expect(shift.size).toBe(1)
    expect(only.at(19).tokens[1]).not.toBe(only.at(0).tokens[1])
    expect(only.at(0).weights.every((weight) => weight === 1)).toBe(true)
  })
})

const config: Gpt2Config = {
  vocab_size: ids.size,
  n_positions: 24,
  n_embd: 16,
  n_layer: 2,
  n_head: 2,
  n_inner: 32,
  layer_norm_epsilon: 1e-5
}
const training = { seed: 3, steps: 20, lr: 5e-3, warmup: 3, floor: 0.1, weightDecay: 0.1, clip: 1 }

const runTo = (trainer: LmTrainer, step: number): LmTrainer => {
  while (trainer.done() < step) trainer.next()
  return trainer
}

describe("the language model trainer", () => {
  beforeAll(loadTestEngine)

  it("goes on from a saved state with the same bytes", () => {
    const whole = runTo(makeLmTrainer(config, rows, training), 12)
    const state = runTo(makeLmTrainer(config, rows, training), 7).state()
    const resumed = runTo(makeLmTrainer(config, rows, training, { resume: state }), 12)
    expect(resumed.state()).toEqual(whole.state())
    expect(whole.weights()["transformer.wpe.weight"]).not.toEqual(
      makeLmTrainer(config, rows, training).weights()["transformer.wpe.weight"]
    )
  })

  it("trains on from the weights of another, and leaves those as they are", () => {
    const start = runTo(makeLmTrainer(config, rows, training), 5).weights()
    const before = structuredClone(start)
    const tuned = makeLmTrainer(config, rows, training, { start })
    expect(tuned.weights()).toEqual(before)
    expect(runTo(tuned, 1).weights()).not.toEqual(before)
    expect(start).toEqual(before)
  })

  it("lowers the loss on text and reports what a step did", () => {
    const trainer = makeLmTrainer(config, rows, training)
    const first = trainer.next()
    const last = { ...first }
    while (trainer.done() < 20) Object.assign(last, trainer.next())
    expect(first.step).toBe(1)
    expect(first.loss).toBeCloseTo(Math.log(ids.size), 0)
    expect(last.step).toBe(20)
    expect(last.loss).toBeLessThan(first.loss - 0.3)
  })

  it("refuses a state of another shape", () => {
    const state = makeLmTrainer(config, rows, training).state()
    const { "w/transformer.ln_f.bias": _, ...tensors } = state.tensors
    expect(() => makeLmTrainer(config, rows, training, { resume: { ...state, tensors } })).toThrow(
      "w/transformer.ln_f.bias"
    )
  })

  it("leaves no tensor behind", () => {
    const before = tf.memory().numTensors
    const trainer = makeLmTrainer(config, rows, training)
    const held = tf.memory().numTensors
    runTo(trainer, 3).letterAccuracy()
    expect(tf.memory().numTensors).toBe(held)
    trainer.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  it("warms up in a line and cools down in a cosine", () => {
    const schedule = { ...training, steps: 103, warmup: 3, lr: 1, floor: 0.1 }
    expect(learningRate(0, schedule)).toBeCloseTo(1 / 3)
    expect(learningRate(2, schedule)).toBe(1)
    expect(learningRate(53, schedule)).toBeCloseTo(0.55)
    expect(learningRate(103, schedule)).toBeCloseTo(0.1)
  })
})
