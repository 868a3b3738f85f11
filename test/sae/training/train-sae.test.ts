import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { dataOrder } from "../../../src/sae/rows/data-order.ts"
import { matrixRows } from "../../../src/activations/row-source.ts"
import * as Rng from "../../../src/random/rng.ts"
import { makeSaeTrainer } from "../../../src/sae/training/sae-trainer.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import { learningRate } from "../../../src/sae/settings/schedules.ts"
import { resolveOptions, type TrainingOptions } from "../../../src/sae/training-options.ts"
import { ArtifactError } from "../../../src/artifact/artifact-error.ts"
import type { Progress } from "../../../src/stage/progress.ts"
import type { Checkpoint, CheckpointState } from "../../../src/stage/checkpoint.ts"
import { loadTestEngine } from "../../engine.ts"
import { type AnyOptions, methodOf, optionsFor } from "../architectures/known.ts"
import { makeNaiveAdam, naiveGradients, naiveLoss, type NaiveSae } from "../naive-sae.ts"
import { syntheticRows } from "../synthetic-rows.ts"

import { keptState } from "./kept-state.ts"

beforeAll(loadTestEngine)

const small = syntheticRows({ rows: 600, d_in: 16, directions: 24, active: 3, mean: 2, seed: 5 })

const options = (
  architecture: "topk" | "batch_topk",
  more: Partial<TrainingOptions<AnyOptions>> = {}
): TrainingOptions<AnyOptions> =>
  optionsFor(architecture, { d_sae: 32, k: 3, steps: 60, batch_rows: 64, seed: 7, ...more })

const bytes = (values: Float32Array | Float64Array): Buffer =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength)

describe("training", () => {
  for (const freeze of ["decoder", "encoder"] as const) {
    it.effect(`a frozen ${freeze} keeps the directions that it was drawn with, and the rest learns`, () =>
      Effect.gen(function* () {
        const rows = matrixRows(small.data, small.d_in)
        const run = (steps: number) => trainSae(rows, options("batch_topk", { freeze, steps, aux_coefficient: 0 }))
        const [first, last] = [yield* run(1), yield* run(200)]
        const name = freeze === "decoder" ? ("W_dec" as const) : ("W_enc" as const)
        const other = freeze === "decoder" ? ("W_enc" as const) : ("W_dec" as const)
        const moved = (which: "W_dec" | "W_enc") =>
          Math.max(...last.weights[which].map((x, i) => Math.abs(x - (first.weights[which][i] as number))))
        expect(moved(name)).toBe(0)
        expect(moved(other)).toBeGreaterThan(0.01)
        expect(last.outcome["explained_variance"]).toBeGreaterThan(first.outcome["explained_variance"] as number)
      })
    )
  }

  for (const architecture of ["topk", "batch_topk"] as const) {
    it(`${architecture}: the first steps have the losses of a dense f64 implementation`, () => {
      const { data, d_in } = syntheticRows({ rows: 24, d_in: 4, directions: 6, active: 2, mean: 1, seed: 11 })
      const few = { d_sae: 6, k: 2, steps: 6, batch_rows: 8, lr: 0.01, aux_coefficient: 0 }
      const given = options(architecture, few)
      const resolved = resolveOptions(given)
      const variance = 2.5
      const trainer = makeSaeTrainer(resolved, methodOf(architecture), {
        d_in,
        b_dec: new Float32Array(d_in),
        variance
      })
      // Encoder and decoder unlike each other: where they are equal and a row has one active latent, the residual is
      // orthogonal to it, a gradient is zero but for rounding, and Adam's first step is the sign of that rounding.
      const rng = Rng.make(4, "first steps")
      const zero = trainer.exportState()
      const W_enc = zero.W_enc.weights.map((x) => x + 0.3 * rng.normal())
      trainer.restoreState({ ...zero, W_enc: { ...zero.W_enc, weights: W_enc } })

      const rowsOf = (values: Float32Array) =>
        Array.from({ length: given.d_sae }, (_, j) => [...values.subarray(j * d_in, (j + 1) * d_in)])
      const naive: NaiveSae = {
        d_in,
        d_sae: given.d_sae,
        W_enc: rowsOf(W_enc),
        b_enc: Array(given.d_sae).fill(0),
        W_dec: rowsOf(zero.W_dec.weights),
        b_dec: Array(d_in).fill(0)
      }
      const adam = makeNaiveAdam((step) => learningRate(resolved, step))
      const order = dataOrder(24, given.batch_rows, given.seed)
      for (let step = 1; step <= given.steps; step++) {
        const x = [...order.batch(step - 1)].map((row) => [...data.subarray(row * d_in, (row + 1) * d_in)])
        const settings = { select: architecture, k: resolved.k, variance, dead: [], k_aux: 1, aux_coefficient: 0 }
        const { loss } = naiveLoss(naive, x, settings)
        const batch = tf.tensor2d(x)
        const got = trainer.step(batch).loss
        batch.dispose()
        expect(Math.abs(got - loss)).toBeLessThan(1e-5 * loss)
        const slopes = naiveGradients(naive, x, settings)
        for (const [j, row] of naive.W_dec.entries()) {
          const gradient = slopes.W_dec[j] as Array<number>
          const radial = gradient.reduce((sum, g, c) => sum + g * (row[c] as number), 0)
          const tangent = gradient.map((g, c) => g - radial * (row[c] as number))
          adam(row, tangent, step)
          const norm = Math.hypot(...row)
          for (const [c, value] of row.entries()) row[c] = value / norm
        }
        for (const [j, row] of naive.W_enc.entries()) adam(row, slopes.W_enc[j] as Array<number>, step)
        adam(naive.b_enc, slopes.b_enc, step)
        adam(naive.b_dec, slopes.b_dec, step)
      }
      const expected = naive.W_dec.flat()
      for (const [i, value] of trainer.exportState().W_dec.weights.entries()) {
        expect(Math.abs(value - (expected[i] as number))).toBeLessThan(1e-4)
      }
      trainer.dispose()
    })

    it.effect(`${architecture}: a run resumed from any checkpoint ends with the same bits`, () =>
      Effect.gen(function* () {
        const source = matrixRows(small.data, small.d_in)
        // Some latents die on the way, so that the counters matter.
        const given = options(architecture, { dead_after: 300 })
        const whole = yield* trainSae(source, given)
        const saved: Array<CheckpointState> = []
        const store: Checkpoint = {
          load: Effect.succeed(undefined),
          due: () => true,
          save: (state) => Effect.sync(() => void saved.push(keptState(state)))
        }
        yield* trainSae(source, given, { checkpoint: store })
        expect(saved.length).toBe(given.steps)
        for (const state of [saved[9], saved[39]] as ReadonlyArray<CheckpointState>) {
          const through = { ...state, json: JSON.parse(JSON.stringify(state.json)) as CheckpointState["json"] }
          const resumed = yield* trainSae(source, given, {
            checkpoint: { ...store, load: Effect.succeed(through), due: () => false }
          })
          for (const name of ["W_enc", "W_dec", "b_enc", "b_dec"] as const) {
            expect(bytes(resumed.weights[name]).equals(bytes(whole.weights[name])), name).toBe(true)
          }
          expect(resumed.weights.threshold).toEqual(whole.weights.threshold)
          expect(resumed.curve).toEqual(whole.curve)
          expect(resumed.outcome).toEqual(whole.outcome)
        }
      })
    )

    it.effect(
      `${architecture}: finds sparse structure, on rows far from zero, and keeps decoder rows at norm one`,
      () =>
        Effect.gen(function* () {
          const { data, d_in } = syntheticRows({ rows: 4000, d_in: 16, directions: 24, active: 2, mean: 30, seed: 3 })
          const given = options(architecture, { steps: 1500, batch_rows: 256, d_sae: 48, k: 3, lr: 5e-3 })
          const before = tf.memory().numTensors
          const { weights, outcome } = yield* trainSae(matrixRows(data, d_in), given)
          expect(tf.memory().numTensors).toBe(before)
          expect(outcome.explained_variance).toBeGreaterThan(0.9)
          expect(outcome.l0).toBeLessThanOrEqual(3)
          for (let j = 0; j < given.d_sae; j++) {
            expect(Math.hypot(...weights.W_dec.subarray(j * d_in, (j + 1) * d_in))).toBeCloseTo(1, 5)
          }
          // The saved weights take rows as they come: the same explained variance without the training's scale.
          const model = makeSaeModel(weights)
          const { mse, variance, l0 } = tf.tidy(() => {
            const x = tf.tensor2d(data, [data.length / d_in, d_in])
            const codes = model.encode(x)
            const error = tf.sub(model.decode(codes), x)
            const spread = tf.sub(x, tf.mean(x, 0, true))
            return {
              mse: tf.sum(tf.square(error)).arraySync() as number,
              variance: tf.sum(tf.square(spread)).arraySync() as number,
              l0: codes.latent.length / x.shape[0]
            }
          })
          model.dispose()
          // That of the training is a mean over its last batches.
          expect(Math.abs(1 - mse / variance - outcome.explained_variance)).toBeLessThan(5e-3)
          expect(l0).toBeGreaterThan(1)
          expect(l0).toBeLessThan(3.5)
          expect(outcome.threshold === null).toBe(architecture === "topk")
        })
    )
  }

  it("dead latents come back to life through the auxiliary loss, and only through it", () => {
    const { data, d_in } = syntheticRows({ rows: 512, d_in: 16, directions: 30, active: 3, seed: 9 })
    const run = (aux_coefficient: number) => {
      const given = options("topk", { steps: 300, lr: 5e-3, dead_after: 1000, aux_coefficient })
      const start = { d_in, b_dec: new Float32Array(d_in), variance: 9 }
      const trainer = makeSaeTrainer(resolveOptions(given), methodOf("topk"), start)
      // Half of the encoder a hundred times too small: it is never among the k largest.
      const state = trainer.exportState()
      const half = (given.d_sae / 2) * d_in
      const weights = state.W_enc.weights.map((x, i) => (i < half ? x / 100 : x))
      trainer.restoreState({ ...state, W_enc: { ...state.W_enc, weights }, silent: state.silent.fill(1000) })
      const x = tf.tensor2d(data, [512, d_in])
      const first = trainer.step(x)
      let last = first
      for (let step = 2; step <= given.steps; step++) last = trainer.step(x)
      const row = trainer.exportState().W_dec.weights.slice(0, d_in)
      trainer.dispose()
      x.dispose()
      return { first: first.dead, last: last.dead, moved: row.some((w, c) => w !== state.W_dec.weights[c]) }
    }
    const without = run(0)
    expect(without.first).toBeGreaterThanOrEqual(14)
    expect(without.last).toBeGreaterThanOrEqual(14)
    const withAux = run(1 / 32)
    expect(withAux.first).toBeGreaterThanOrEqual(14)
    expect(withAux.last).toBeLessThan(without.last / 2)
    expect(withAux.moved).toBe(true)
  })

  it.effect(
    "a checkpoint that is written beside it and fails ends it, soon or at the end; one that is slow is waited for",
    () =>
      Effect.gen(function* () {
        const rows = matrixRows(small.data, small.d_in)
        const lost = new ArtifactError({ reason: "unwritable", digest: "", path: "", detail: "the disk is full" })
        const trained = (at: number, outcome: Effect.Effect<void, ArtifactError>) => {
          let asked = 0
          let steps = 0
          const checkpoint: Checkpoint = {
            load: Effect.succeed(undefined),
            due: () => ++asked === at,
            save: () => Effect.die("to be begun"),
            begin: () => Effect.succeed(outcome)
          }
          const progress = ({ done }: Progress) => void (steps = done)
          const train = trainSae(rows, options("topk"), { checkpoint, progress })
          return Effect.map(Effect.result(train), (result) => ({ result, steps }))
        }
        const soon = yield* trained(5, Effect.fail(lost))
        expect(soon).toMatchObject({ result: { failure: lost }, steps: 5 })
        const last = yield* trained(60, Effect.fail(lost))
        expect(last).toMatchObject({ result: { failure: lost }, steps: 60 })
        let safe = false
        const slow = Effect.promise(
          () => new Promise<void>((resolve) => setTimeout(() => resolve(void (safe = true)), 300))
        )
        expect((yield* trained(60, slow)).result).toMatchObject({ _tag: "Success" })
        expect(safe).toBe(true)
      })
  )

  it.effect("a learning rate that explodes is an error that is not retried", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(trainSae(matrixRows(small.data, small.d_in), options("topk", { lr: 1e6 })))
      expect(failure.message).toMatch(/diverged at step \d+/)
      // So large that weights become infinite, and the selection meets NaN.
      const nan = yield* Effect.flip(trainSae(matrixRows(small.data, small.d_in), options("batch_topk", { lr: 1e38 })))
      expect(nan.message).toMatch(/diverged at step \d+/)
      expect(failure._tag === "StageFailed" && failure.retryable).toBe(false)
    })
  )

  it.effect("rows with a NaN, equal rows, and k above d_sae are refused", () =>
    Effect.gen(function* () {
      const broken = small.data.slice()
      broken[77] = Number.NaN
      const nan = yield* Effect.flip(trainSae(matrixRows(broken, small.d_in), options("topk")))
      expect(nan.message).toContain("NaN")
      const equal = yield* Effect.flip(trainSae(matrixRows(new Float32Array(160).fill(3), 16), options("topk")))
      expect(equal.message).toContain("all the same")
      const wide = yield* Effect.flip(trainSae(matrixRows(small.data, small.d_in), options("topk", { k: 33 })))
      expect(wide.message).toContain("k is 33")
    })
  )

  it("a clipped gradient is the gradient scaled to the limit, all parameters together", () => {
    // Plain arithmetic on the moments: after one step the first moment is (1 - beta1) g.
    const norm = (clip: number | null): number => {
      const given = resolveOptions(options("topk", { clip }))
      const start = { d_in: small.d_in, b_dec: new Float32Array(small.d_in), variance: 1 }
      const trainer = makeSaeTrainer(given, methodOf("topk"), start)
      const x = tf.tensor2d(small.data, [600, small.d_in])
      trainer.step(x)
      x.dispose()
      const { W_enc, b_enc, W_dec, b_dec } = trainer.exportState()
      trainer.dispose()
      const squares = [W_enc, b_enc, W_dec, b_dec].map((state) => state.firstMoment.reduce((sum, m) => sum + m * m, 0))
      return Math.sqrt(squares.reduce((a, b) => a + b)) / (1 - given.beta1)
    }
    const free = norm(null)
    expect(free).toBeGreaterThan(0.1)
    expect(norm(0.1)).toBeCloseTo(0.1, 4)
    expect(norm(2 * free)).toBeCloseTo(free, 4)
  })
})
