import * as tf from "@tensorflow/tfjs-core"
import { assert, beforeAll, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { atDamage, type SteeredPoint } from "../../../src/analysis/steering/at-damage.ts"
import { chooseClamps } from "../../../src/analysis/steering/choose-clamps.ts"
import { followingToken } from "../../../src/analysis/steering/following-token.ts"
import { clampedFigures } from "../../../src/analysis/steering/steered-pass.ts"
import { openModel } from "../../../src/model/open-model.ts"
import { runModel } from "../../../src/model/run-model.ts"
import { openSaeModel } from "../../../src/sae/sae-model.ts"
import steerLatents from "../../../stages/steer-latents.ts"
import { randomSae } from "../random-sae.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model, randomGpt2, vocabulary } from "../../sae/random-gpt2.ts"

beforeAll(loadTestEngine)

const point = (kl: number, probability: number): SteeredPoint => ({ multiple: kl, kl, ce: 1 + kl, probability })

it("an effect is read where the damage is first done, and at the end where it never is", () => {
  const clean = point(0, 0.1)
  assert.approximately(atDamage(clean, [point(1, 0.3), point(3, 0.1)], 2).probability, 0.2, 1e-12)
  assert.approximately(atDamage(clean, [point(1, 0.3), point(3, 0.1)], 0.5).probability, 0.2, 1e-12)
  assert.deepStrictEqual(atDamage(clean, [point(0.2, 0.3)], 2), point(0.2, 0.3))
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.01, max: 9, noNaN: true }), { minLength: 1 }), (damages) => {
      const read = atDamage(
        clean,
        damages.map((kl) => point(kl, kl / 9)),
        1
      )
      assert.isAtMost(read.kl, 1)
      assert.approximately(read.ce - read.kl, 1, 1e-9)
    })
  )
})

it("the target follows firings beyond chance: a token that follows everything alike is none", () => {
  const all = [500, 300, 200]
  assert.strictEqual(
    followingToken(
      new Map([
        [0, 50],
        [1, 30],
        [2, 20]
      ]),
      all,
      1
    ),
    undefined
  )
  assert.strictEqual(
    followingToken(
      new Map([
        [0, 45],
        [1, 20],
        [2, 35]
      ]),
      all,
      1
    ),
    2
  )
  assert.strictEqual(followingToken(new Map([[2, 4]]), all, 5), undefined)
})

it.effect(
  "clamping a latent is adding what it lacks times its decoder row, by the dense arithmetic of the logits",
  () =>
    Effect.gen(function* () {
      const model = yield* openModel((yield* randomGpt2).value)
      const weights = randomSae(3, d_model, 24)
      const sae = yield* openSaeModel(weights)
      const [hook, time, latent, target, value] = ["blocks.0.hook_resid_post", 6, 5, 7, 4]
      const ids = Int32Array.from([0, 4, 9, 31, 7, 22])
      const context = {
        ids,
        documents: new Int32Array(ids.length),
        spliced: Uint8Array.of(0, 1, 1, 1, 1, 1),
        counted: Uint8Array.of(0, 1, 1, 1, 1, 0)
      }
      const zero = new Float32Array(d_model)
      const figures = clampedFigures(model, sae, hook, [context], {
        latent,
        target,
        values: [{ multiple: 2, value }],
        random: zero
      })
      const batch = { ids, batch: 1, time }
      const clean = runModel(model, batch, { hooks: [hook], logits: true })
      const x = clean.activations[hook]!.dataSync<"float32">()
      const there = Float32Array.from(x)
      for (let row = 1; row < time; row++) {
        let z = weights.b_enc[latent]!
        for (let i = 0; i < d_model; i++) {
          z +=
            (x[row * d_model + i]! - (weights.apply_b_dec_to_input ? weights.b_dec[i]! : 0)) *
            weights.W_enc[i * 24 + latent]!
        }
        const own = z > Math.max(0, weights.threshold![latent]!) ? z : 0
        for (let i = 0; i < d_model; i++)
          there[row * d_model + i]! += (value - own) * weights.W_dec[latent * d_model + i]!
      }
      const steered = runModel(model, batch, {
        logits: true,
        replace: { [hook]: tf.tensor(there, [1, time, d_model]) }
      })
      const probabilities = (logits: tf.Tensor) => {
        const all = logits.dataSync<"float32">()
        return [1, 2, 3, 4].map((row) => {
          const own = Array.from(all.subarray(row * vocabulary, (row + 1) * vocabulary), Math.exp)
          const sum = own.reduce((a, b) => a + b, 0)
          return own.map((each) => each / sum)
        })
      }
      const [p, q] = [probabilities(clean.logits!), probabilities(steered.logits!)]
      const mean = (of: (row: number) => number) => [0, 1, 2, 3].reduce((sum, row) => sum + of(row) / 4, 0)
      const [found] = figures.latent
      assert.approximately(
        found!.probability,
        mean((row) => q[row]![target]!),
        1e-6
      )
      assert.approximately(
        found!.ce,
        mean((row) => -Math.log(q[row]![ids[row + 2]!]!)),
        1e-4
      )
      assert.approximately(
        found!.kl,
        mean((row) => p[row]!.reduce((sum, each, i) => sum + each * Math.log(each / q[row]![i]!), 0)),
        1e-4
      )
      assert.isAbove(found!.kl, 0.01)
      // The control adds nothing along a direction of no length.
      assert.approximately(figures.random[0]!.kl, 0, 1e-6)
      assert.approximately(figures.random[0]!.probability, figures.clean.probability, 1e-7)
    })
)

it.effect("latents that are not there or never fire are refused by number, and so are multiples below 0", () =>
  Effect.gen(function* () {
    const ask = { target: 1, count: 1, least: 1, dense_above: 1, seed: 0 }
    const context = {
      ids: Int32Array.of(0, 1, 2),
      documents: new Int32Array(3),
      spliced: Uint8Array.of(0, 1, 1),
      counted: Uint8Array.of(0, 1, 0)
    }
    const problem = (latents: ReadonlyArray<number> | null) =>
      Effect.map(Effect.flip(chooseClamps([[], []], 1, [context], 3, { ...ask, latents })), (error) => error.message)
    assert.include(yield* problem([2]), "there is no latent 2")
    assert.include(yield* problem([1]), "latent 1 never fires")
    assert.include(yield* problem(null), "no latent fires")
    const given = {
      latents: null,
      count: 1,
      target: null,
      damage: 1,
      contexts: 1,
      measured: 1,
      least: 1,
      dense_above: 1,
      seed: 0
    }
    const decoded = steerLatents.decode({ ...given, multiples: [0] }, { sae: 1, activations: 1, model: 1 })
    assert.strictEqual(Result.isFailure(decoded) ? decoded.failure[0]?.param : undefined, "multiples")
  })
)
