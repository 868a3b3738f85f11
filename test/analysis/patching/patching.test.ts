import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import { assert, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Effect from "effect/Effect"
import { beforeAll } from "vitest"
import { lineGroups } from "../../../src/analysis/patching/line-groups.ts"
import { attributedChanges, patchedDifferences } from "../../../src/analysis/patching/patch-effects.ts"
import { patchedRun } from "../../../src/analysis/patching/patched-codes.ts"
import { patchesToHalf } from "../../../src/analysis/patching/patches-to-half.ts"
import {
  lastLogits,
  logitDifferences,
  type PromptBatch,
  readPrompts
} from "../../../src/analysis/patching/prompt-batch.ts"
import { prunePatches } from "../../../src/analysis/patching/prune-patches.ts"
import { randomCurves, randomOrders, randomToHalf } from "../../../src/analysis/patching/random-orders.ts"
import { requireTask, taskAnswers } from "../../../src/analysis/patching/task-answers.ts"
import { runModel } from "../../../src/model/run-model.ts"
import * as Rng from "../../../src/random/rng.ts"
import { openSaeModel } from "../../../src/sae/sae-model.ts"
import { loadTestEngine } from "../../engine.ts"
import { ownGolden } from "../../model/own-golden.ts"
import { randomSae } from "../random-sae.ts"

beforeAll(loadTestEngine)

interface Golden {
  readonly clean: ReadonlyArray<ReadonlyArray<number>>
  readonly corrupted: ReadonlyArray<ReadonlyArray<number>>
  readonly correct: ReadonlyArray<number>
  readonly wrong: ReadonlyArray<number>
  readonly models: Readonly<
    Record<
      string,
      Readonly<Record<string, Readonly<Record<"activation" | "attribution", ReadonlyArray<ReadonlyArray<number>>>>>>
    >
  >
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../golden/patching/patching.json"), "utf8")
) as Golden
const tokens = (rows: Golden["clean"]) => ({
  ids: Int32Array.from(rows.flat()),
  batch: rows.length,
  time: rows[0]!.length
})
const batch: PromptBatch = {
  clean: tokens(golden.clean),
  corrupted: tokens(golden.corrupted),
  correct: Int32Array.from(golden.correct),
  wrong: Int32Array.from(golden.wrong)
}
const positions = golden.clean[0]!.map((_, position) => position)

for (const [family, hooks] of Object.entries(golden.models)) {
  it.effect(`${family}: activation and attribution patching are those of torch's hooks, and leave nothing behind`, () =>
    Effect.gen(function* () {
      const model = yield* ownGolden(family)
      const before = tf.memory().numTensors
      for (const [hook, { activation, attribution }] of Object.entries(hooks)) {
        const exact = patchedDifferences(model, batch, hook, positions)
        const estimate = attributedChanges(model, batch, hook)
        for (const position of positions) {
          for (const pair of golden.correct.keys()) {
            assert.approximately(exact[position]![pair]!, activation[position]![pair]!, 1e-4, hook)
            assert.approximately(estimate[position]![pair]!, attribution[position]![pair]!, 1e-4, hook)
          }
        }
      }
      assert.strictEqual(tf.memory().numTensors, before)
    })
  )
}

it.effect("a direction patched is the dense arithmetic of the codes, none is the corrupted prompt", () =>
  Effect.gen(function* () {
    const model = yield* ownGolden("gpt2_scaled")
    const weights = randomSae(5, 16, 24)
    const sae = yield* openSaeModel(weights)
    const hook = "blocks.0.hook_resid_post"
    const run = patchedRun(model, sae, hook, batch)
    const answers = taskAnswers(model, { batches: [batch], pairs: 3, time: 7, labels: [] })
    const none = run.figures([])
    assert.deepStrictEqual(none.edit, [0, 0, 0])
    for (const [pair, difference] of none.logit_difference.entries())
      assert.approximately(difference, answers.corrupted[pair]!, 1e-4)
    const [some] = [run.latents.filter((latent) => latent % 3 === 0)]
    const [clean, corrupted] = ([batch.clean, batch.corrupted] as const).map(
      (ids) => runModel(model, ids, { hooks: [hook] }).activations[hook]!
    ) as [tf.Tensor, tf.Tensor]
    const codes = (x: tf.Tensor) => sae.encodeDense(tf.reshape<tf.Rank.R2>(x, [21, 16]))
    const mask = tf.tensor2d(
      Array.from({ length: 24 }, (_, latent) => (some!.includes(latent) ? 1 : 0)),
      [1, 24]
    )
    const added = tf.matMul(
      tf.mul<tf.Tensor2D>(tf.sub(codes(clean), codes(corrupted)), mask),
      tf.tensor2d(weights.W_dec, [24, 16])
    )
    const there = tf.add(corrupted, tf.reshape(added, corrupted.shape))
    const wanted = logitDifferences(lastLogits(model, batch.corrupted, { [hook]: there }), batch)
    for (const [pair, difference] of run.figures(some!).logit_difference.entries())
      assert.approximately(difference, wanted[pair]!, 1e-4)
    const lengths = tf.sqrt(tf.mean(tf.reshape(tf.sum(tf.square(added), 1), [3, 7]), 1)).dataSync()
    for (const [pair, length] of run.figures(some!).edit.entries()) assert.approximately(length, lengths[pair]!, 1e-4)
    run.dispose()
  })
)

it("pruning takes out what costs less than the threshold, the dear ones last", () => {
  // What is missing adds its cost.
  const costs = [0.001, 0.5, 0.02, 3]
  const divergence = (kept: ReadonlySet<number>) => costs.reduce((sum, cost, n) => sum + (kept.has(n) ? 0 : cost), 0)
  const sets = [...prunePatches(4, [0.01, 0.1, 1], divergence, Rng.make(0, "test"))].flatMap((set) =>
    set === undefined ? [] : [set.kept]
  )
  assert.deepStrictEqual(sets, [[1, 2, 3], [1, 3], [3]])
})

it("half of the divergence is read between the points; latents of opposite rows are one direction", () => {
  assert.approximately(
    patchesToHalf([
      { x: 0, kl: 4 },
      { x: 2, kl: 3 },
      { x: 4, kl: 1 }
    ]),
    3,
    1e-12
  )
  assert.isNaN(
    patchesToHalf([
      { x: 0, kl: 4 },
      { x: 2, kl: 3 }
    ])
  )
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1, max: 9, noNaN: true }), { minLength: 2 }), (row) => {
      const W = Float32Array.from([...row, ...row.map((value) => -value), ...row.map((value) => 2 * value)])
      assert.deepStrictEqual(lineGroups(W, row.length, [0, 1, 2]), [[0, 1], [2]])
    })
  )
})

it.effect("prompts that do not fit, and a model that does not do the task, are refused by name", () =>
  Effect.gen(function* () {
    const words = ["the", "cat", "dog", "ran"]
    const encode = (text: string) => Int32Array.from(text.trim().split(" "), (word) => words.indexOf(word))
    const tokenizer = {
      encode,
      decode: () => "",
      tokenText: (id: number) => words[id] ?? "",
      id: () => undefined,
      vocabularySize: 4
    }
    const limits = { n_ctx: 3, bos: undefined }
    const good = { clean: "the cat", corrupted: "the dog", correct: " cat", wrong: " dog" }
    const problem = (pair: Partial<typeof good>) =>
      Effect.map(Effect.flip(readPrompts([good, { ...good, ...pair }], tokenizer, limits)), (error) => error.message)
    assert.include(yield* problem({ corrupted: "the dog ran" }), "pair 1")
    assert.include(yield* problem({ correct: " cat ran" }), "is 2 tokens")
    assert.include(yield* problem({ corrupted: "the cat" }), "does not differ")
    const answers = { clean: [1, -1, 1], corrupted: [1, -1, -1] }
    const refused = yield* Effect.flip(requireTask(answers, 0.75, { task: "say who", models: "GPT-2 small" }))
    assert.include(refused.message, "prefers the right answer in 67 %")
    assert.include(refused.message, "GPT-2 small")
    yield* requireTask(answers, 0.5, { task: "", models: "" })
  })
)

it.effect(
  "random orders patch a part in many ways, and none and all as the curve has them, without running these again",
  () =>
    Effect.gen(function* () {
      const asked: Array<string> = []
      const curve = [0, 2, 5].map((size) => ({ size, figures: { kl: [10 - size] } }))
      const klOf = (kept: Iterable<number>) => [asked.push([...kept].join(" "))]
      const orders = yield* randomCurves(5, curve, klOf, 0)
      assert.strictEqual(orders.length, randomOrders)
      assert.deepStrictEqual(
        orders.map((order) => [order[0], order[2]]),
        orders.map(() => [
          { size: 0, kl: [10] },
          { size: 5, kl: [5] }
        ])
      )
      assert.deepStrictEqual(
        orders.map((order) => order[1]!.kl),
        orders.map((_, n) => [n + 1])
      )
      assert.isAbove(new Set(asked).size, 5)
      assert.isTrue(asked.every((kept) => new Set(kept.split(" ")).size === 2))
    })
)

it("the control of patches is a mean over random orders, each as often as it is drawn, of the pairs that are drawn", () => {
  // The first order halves the first pair's divergence at 1, the second at 3; the second pair's is never halved.
  const orders = [
    [
      { size: 0, kl: [4, 1] },
      { size: 1, kl: [2, 1] },
      { size: 4, kl: [0, 1] }
    ],
    [
      { size: 0, kl: [4, 1] },
      { size: 3, kl: [2, 1] },
      { size: 4, kl: [0, 1] }
    ]
  ]
  assert.approximately(randomToHalf(orders, [2, 0], [1, 1]), 2, 1e-12)
  assert.approximately(randomToHalf(orders, [2, 0], [0, 2]), 3, 1e-12)
  assert.isNaN(randomToHalf(orders, [0, 2], [1, 1]))
})
