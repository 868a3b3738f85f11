import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { ownLatents, sourceShares } from "../../../src/sae/source-norms.ts"
import { computableSae } from "../../../src/kinds/sae/stored/computable-sae.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import * as Rng from "../../../src/random/rng.ts"
import { foldScale } from "../../../src/sae/training/fold-scale.ts"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { type FirstWeights, unfoldScale } from "../../../src/sae/training/unfold-scale.ts"
import { makeSaeTrainer } from "../../../src/sae/training/sae-trainer.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import { loadTestEngine } from "../../engine.ts"
import { methodOf, optionsFor, resolvedFor } from "../architectures/known.ts"

beforeAll(loadTestEngine)

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)

const small = { d_sae: 24, k: 4, target_l0: 4, steps: 500, batch_rows: 128, lr: 5e-3, seed: 3 }

const explained = (target: tf.Tensor2D, output: tf.Tensor2D): number =>
  tf.tidy(() => {
    const missed = tf.sum(tf.square(tf.sub(output, target)))
    const spread = tf.sum(tf.square(tf.sub(target, tf.mean(target, 0, true))))
    return 1 - (missed.arraySync() as number) / (spread.arraySync() as number)
  })

describe("training", () => {
  /** y = A x + B relu(C x) on a scale of its own, far from zero. */
  const mapped = () => {
    const rng = Rng.make(8, "pairs")
    const matrix = (n: number, m: number): Array<Array<number>> =>
      Array.from({ length: n }, () => Array.from({ length: m }, () => rng.normal()))
    const [A, B, C] = [matrix(6, 8), matrix(6, 12), matrix(12, 8)]
    const x = Float32Array.from({ length: 1500 * 8 }, () => 3 * rng.normal())
    const y = new Float32Array(1500 * 6)
    for (let i = 0; i < 1500; i++) {
      const row = [...x.subarray(i * 8, (i + 1) * 8)]
      const hidden = C.map((c) => Math.max(0, dot(c, row)))
      for (let c = 0; c < 6; c++)
        y[i * 6 + c] = 40 + 10 * (dot(A[c] as Array<number>, row) + dot(B[c] as Array<number>, hidden))
    }
    return { x, y }
  }

  for (const [architecture, skip] of [
    ["batch_topk", false],
    ["batch_topk", true],
    ["jumprelu", true],
    ["standard", false]
  ] as const) {
    it.effect(
      `a ${architecture} transcoder${skip ? " with a skip connection" : ""} is saved for rows as they come`,
      () =>
        Effect.gen(function* () {
          const { x, y } = mapped()
          const pairs = { sources: [matrixRows(x, 8)], target: matrixRows(y, 6) }
          const before = tf.memory().numTensors
          const options = optionsFor(architecture, {
            ...small,
            skip,
            sparsity_coefficient: architecture === "jumprelu" ? 1 : 0.01
          })
          const { weights, outcome, stored } = yield* trainSae(pairs, options)
          expect(tf.memory().numTensors).toBe(before)
          expect(stored.transcoder).toBe(true)
          expect(weights.transcoder).toEqual({ d_out: 6 })
          const model = makeSaeModel(weights)
          const [rowsOfX, rowsOfY] = [tf.tensor2d(x, [1500, 8]), tf.tensor2d(y, [1500, 6])]
          const output = model.reconstruct(rowsOfX)
          const value = explained(rowsOfY, output)
          tf.dispose([rowsOfX, rowsOfY, output])
          model.dispose()
          expect(outcome.explained_variance).toBeGreaterThan(skip ? 0.85 : 0.6)
          expect(Math.abs(value - outcome.explained_variance)).toBeLessThan(0.06)
        })
    )
  }

  for (const architecture of ["topk", "matryoshka_batch_topk"] as const) {
    it(`a ${architecture} crosscoder is saved with the choice of its training, and can be gone on from`, () => {
      const [width, count] = [6, 64]
      const options = resolvedFor(architecture, {
        ...small,
        ...(architecture === "matryoshka_batch_topk" ? { groups: [0.25, 0.75] } : {}),
        d_sae: 40,
        apply_b_dec_to_input: false,
        normalize: "none"
      })
      const rng = Rng.make(9, "choice")
      const x = tf.tensor2d(
        Float32Array.from({ length: count * 2 * width }, () => rng.normal()),
        [count, 2 * width]
      )
      const penalized = [width, width]
      const common = { d_in: 2 * width, b_dec: new Float32Array(2 * width), variance: 2 * width, parts: penalized }
      const trainer = makeSaeTrainer(options, methodOf(architecture), common)
      for (let i = 0; i < 20; i++) trainer.step(x)
      const { output } = trainer.reconstruct(x)
      const { W_enc, b_enc, W_dec, b_dec } = trainer.exportState()
      const trained = {
        W_enc: W_enc.weights,
        b_enc: Float32Array.from(b_enc.weights),
        W_dec: Float32Array.from(W_dec.weights),
        b_dec: b_dec.weights,
        extras: {},
        // Just under what this batch chooses: then a row alone is given what the batch gave it.
        threshold: architecture === "topk" ? null : trainer.smallestActivation(x) * (1 - 1e-5)
      }
      const parts = penalized.map((own) => ({ width: own, scale: 1 }))
      const shape = { d_in: 2 * width, d_out: 2 * width, parts, penalized, transcoder: false, scale: 1 }
      const stored = foldScale(trained, options, shape)
      const model = makeSaeModel(computableSae(stored) as SaeWeights)
      const again = model.reconstruct(x)
      const difference = (a: tf.Tensor, b: tf.Tensor): number =>
        tf.tidy(() => tf.max(tf.abs(tf.sub(a, b))).arraySync() as number)
      expect(difference(output, again)).toBeLessThan(1e-4)

      const first = unfoldScale(stored, options, shape) as FirstWeights
      const next = makeSaeTrainer(options, methodOf(architecture), { ...common, first })
      const { output: begun } = next.reconstruct(x)
      expect(difference(output, begun)).toBeLessThan(1e-4)
      // The same weights as of one source choose otherwise.
      const plain = makeSaeTrainer(options, methodOf(architecture), { ...common, parts: [2 * width], first })
      const { output: other } = plain.reconstruct(x)
      expect(difference(output, other)).toBeGreaterThan(1e-2)
      for (const made of [trainer, next, plain, model]) made.dispose()
      tf.dispose([x, output, again, begun, other])
    })
  }

  it.effect("a crosscoder tells latents of one source from those that both share", () =>
    Effect.gen(function* () {
      // Directions 0-11 in both sources, 12-17 in the first alone, 18-23 in the second alone; the second is 20 times as
      // large.
      const rng = Rng.make(4, "sources")
      const width = 16
      const unit = () => {
        const row = Array.from({ length: width }, () => rng.normal())
        return row.map((value) => value / Math.hypot(...row))
      }
      const [a, b] = [Array.from({ length: 24 }, unit), Array.from({ length: 24 }, unit)]
      const count = 4000
      const [first, second] = [new Float32Array(count * width), new Float32Array(count * width)]
      for (let i = 0; i < count; i++) {
        for (let n = 0; n < 3; n++) {
          const j = rng.int(24)
          const size = 1 + rng.float()
          for (let c = i * width; c < (i + 1) * width; c++) {
            if (j < 18) first[c] = (first[c] as number) + size * (a[j]?.[c % width] as number)
            if (j < 12 || j > 17) second[c] = (second[c] as number) + 20 * size * (b[j]?.[c % width] as number)
          }
        }
      }
      const sources = [matrixRows(first, width), matrixRows(second, width)]
      for (const options of [
        optionsFor("batch_topk", { ...small, d_sae: 32, k: 3, steps: 1200, batch_rows: 256 }),
        optionsFor("standard", {
          ...small,
          d_sae: 32,
          decoder_norm: "free",
          decoder_init_norm: 0.1,
          sparsity_coefficient: 0.15,
          steps: 1200,
          batch_rows: 256
        })
      ]) {
        const { weights, outcome, parts } = yield* trainSae({ sources }, options)
        expect(outcome.explained_variance).toBeGreaterThan(0.7)
        const both = new Float32Array(count * 2 * width)
        for (let i = 0; i < count; i++) {
          both.set(first.subarray(i * width, (i + 1) * width), 2 * i * width)
          both.set(second.subarray(i * width, (i + 1) * width), (2 * i + 1) * width)
        }
        const model = makeSaeModel(weights)
        const rows = tf.tensor2d(both, [count, 2 * width])
        const output = model.reconstruct(rows)
        // Both sources are reconstructed, though in the raw rows the second has nearly all of the variance.
        for (const start of [0, width]) {
          const part = (tensor: tf.Tensor2D) => tf.slice2d(tensor, [0, start], [-1, width])
          const value = tf.tidy(() => explained(part(rows), part(output)))
          expect(Math.abs(value - outcome.explained_variance)).toBeLessThan(0.15)
        }
        tf.dispose([rows, output])
        model.dispose()
        const { own, shared } = ownLatents(sourceShares(weights.W_dec, parts))
        const found = `${options.architecture}: ${own.join(" and ")} own, ${shared} shared`
        expect(own[0], found).toBeGreaterThanOrEqual(4)
        expect(own[1], found).toBeGreaterThanOrEqual(4)
        expect(shared, found).toBeGreaterThanOrEqual(10)
      }
    })
  )
})
