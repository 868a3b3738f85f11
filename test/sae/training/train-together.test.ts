import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import type { RowSource } from "../../../src/activations/row-source.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { makeSaeTrainer } from "../../../src/sae/training/sae-trainer.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import { trainTogether } from "../../../src/sae/training/train-together.ts"
import { leastTrainingBytes, requireTrainingMemory, trainingBytes } from "../../../src/sae/training/training-memory.ts"
import { resolveOptions } from "../../../src/sae/training-options.ts"
import type { TrainedSae } from "../../../src/sae/training/trained-sae.ts"
import { compiledOpsLoaded } from "../../../src/tensor/tensorflow/compiled-ops.ts"
import { latentsChosen, learningRate } from "../../../src/sae/settings/schedules.ts"
import type { Checkpoint, CheckpointState } from "../../../src/stage/checkpoint.ts"
import { loadTestEngine } from "../../engine.ts"
import { methodOf } from "../architectures/known.ts"
import { keptState } from "./kept-state.ts"
import { plainRows, request, small, variants } from "./training-variants.ts"

beforeAll(loadTestEngine)

const everyCheckpoint = (saved: Array<CheckpointState>, from?: CheckpointState): Checkpoint => ({
  load: Effect.succeed(from),
  due: () => true,
  save: (state) => Effect.sync(() => void saved.push(keptState(state)))
})

/** Rows that count how often they are read. */
const counted = () => {
  const read = { batches: 0 }
  const rows = plainRows()
  const source: RowSource = {
    ...rows,
    gather: (indices, into) => {
      if (indices.length === 64) read.batches += 1
      rows.gather(indices, into)
    }
  }
  return { read, source }
}

describe("SAEs that are trained together", () => {
  const members = [
    request("batch_topk"),
    request("batch_topk", { seed: 8, d_sae: 20 }),
    request("standard", { steps: 30, normalize: "none" }),
    request("jumprelu", { lr: 1e-2 }),
    request("topk", { k: 5, d_sae: 24 })
  ]

  it.effect("end with the bits that they have apart, also where one goes on from a checkpoint", () =>
    Effect.gen(function* () {
      const apart = yield* Effect.forEach(members, (options) => trainSae(plainRows(), options))
      const before = tf.memory().numTensors
      const together = yield* trainTogether(
        plainRows(),
        members.map((options) => ({ options }))
      )
      expect(tf.memory().numTensors).toBe(before)
      expect(together).toEqual(apart)

      const saved: Array<CheckpointState> = []
      yield* trainSae(plainRows(), members[3] as never, { checkpoint: everyCheckpoint(saved) })
      const late = yield* trainTogether(
        plainRows(),
        members.map((options, i) =>
          i === 3 ? { options, hooks: { checkpoint: everyCheckpoint([], saved[2]) } } : { options }
        )
      )
      expect(late).toEqual(apart)
    })
  )

  it.effect("read each batch once where they want the same one", () =>
    Effect.gen(function* () {
      const { read, source } = counted()
      const widths = [16, 24, 32].map((d_sae) => ({ options: request("topk", { d_sae }) }))
      yield* trainTogether(source, widths)
      expect(read.batches).toBe(60)
    })
  )

  it.effect("fail all where one fails, with its reason", () =>
    Effect.gen(function* () {
      const failure = yield* Effect.flip(
        trainTogether(plainRows(), [{ options: request("topk") }, { options: request("topk", { lr: 1e6 }) }])
      )
      expect(failure.message).toMatch(/diverged at step \d+/)
    })
  )
})

describe("going on from an earlier SAE", () => {
  const outputs = ({ weights }: Pick<TrainedSae, "weights">): Float32Array => {
    const model = makeSaeModel(weights)
    const result = tf.tidy(() => model.reconstruct(tf.tensor2d(small.data, [600, small.d_in])))
    model.dispose()
    return result.dataSync<"float32">()
  }
  const farthest = (a: Float32Array, b: Float32Array): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0)

  for (const { name, options, rows } of variants.filter((variant) => !variant.name.includes(","))) {
    it.effect(`${name}: the first weights are the earlier ones, in whatever scale it trains`, () =>
      Effect.gen(function* () {
        const first = yield* trainSae(rows(), options)
        // No step moves anything: what comes out is what went in.
        const still = { ...options, lr: 0, steps: 1, k_anneal: 0, seed: 3 }
        for (const normalize of ["mean_square", "none"] as const) {
          const same = yield* trainSae(rows(), { ...still, normalize }, {}, first.stored)
          for (const tensor of ["W_enc", "W_dec", "b_dec"] as const) {
            const before = first.weights[tensor]
            const size = before.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
            expect(farthest(same.weights[tensor], before), tensor).toBeLessThan(1e-5 * size)
          }
          if (name !== "transcoder" && name !== "crosscoder" && first.weights.activation.type === "relu") {
            expect(farthest(outputs(same), outputs(first))).toBeLessThan(1e-4)
          }
        }
        // And it goes on from there: longer training ends lower than the same number of steps from nothing.
        const more = { ...options, seed: 4, warmup: 0 }
        const [anew, longer] = [yield* trainSae(rows(), more), yield* trainSae(rows(), more, {}, first.stored)]
        expect(longer.outcome.explained_variance).toBeGreaterThan(anew.outcome.explained_variance)
      })
    )
  }

  it.effect("a centre that is subtracted or not moves into the biases: the function stays", () =>
    Effect.gen(function* () {
      for (const name of ["standard", "gated"] as const) {
        const first = yield* trainSae(plainRows(), request(name))
        const still = { ...request(name), lr: 0, steps: 1, apply_b_dec_to_input: false }
        const same = yield* trainSae(plainRows(), still, {}, first.stored)
        expect(same.weights.apply_b_dec_to_input).toBe(false)
        expect(farthest(outputs(same), outputs(first))).toBeLessThan(1e-4)
      }
    })
  )

  it.effect("is refused where sizes, latents or norms do not fit, with both numbers", () =>
    Effect.gen(function* () {
      const first = yield* trainSae(plainRows(), request("batch_topk", { steps: 2 }))
      const refusal = (options: ReturnType<typeof request>, stored = first.stored, rows = plainRows()) =>
        Effect.map(Effect.flip(trainSae(rows, options, {}, stored)), ({ message }) => message)
      const narrow = {
        ...plainRows(),
        rows: 1200,
        d_in: 8,
        gather: (_: Uint32Array, into: Float32Array) => void into.set(small.data.subarray(0, into.length))
      }
      expect(yield* refusal(request("batch_topk"), first.stored, narrow)).toBe(
        "init reads rows of 16 numbers, the activations have 8"
      )
      expect(yield* refusal(request("batch_topk", { d_sae: 64 }))).toBe("init has 32 latents, d_sae is 64")
      expect(yield* refusal(request("gated"))).toBe(
        "init has batch_topk latents, and architecture gated has gated ones"
      )
      const longer = { ...first.stored, W_dec: first.stored.W_dec.map((w, i) => (i < 16 ? 2 * w : w)) }
      expect(yield* refusal(request("batch_topk"), longer)).toContain("decoder row 0 has norm 2.000")
      const broken = { ...first.stored, b_dec: first.stored.b_dec.map(() => Number.NaN) }
      expect(yield* refusal(request("batch_topk"), broken)).toContain("b_dec holds NaN")
    })
  )
})

describe("details of training", () => {
  it("averaged weights are the exponential average of those after every step, rows of norm one", () => {
    const decay = 0.8
    const options = resolveOptions(request("standard", { ema: decay, lr: 0.05, warmup: 0 }))
    const trainer = makeSaeTrainer(options, methodOf("standard"), {
      d_in: 16,
      b_dec: new Float32Array(16),
      variance: 1
    })
    const x = tf.tensor2d(small.data.slice(0, 64 * 16), [64, 16])
    const sums = { W_dec: new Float64Array(32 * 16), b_dec: new Float64Array(16) }
    for (let step = 0; step < 9; step++) {
      trainer.step(x)
      const state = trainer.exportState()
      for (const name of ["W_dec", "b_dec"] as const) {
        for (const [i, w] of state[name].weights.entries()) {
          sums[name][i] = decay * (sums[name][i] as number) + (1 - decay) * w
        }
      }
    }
    x.dispose()
    trainer.useAverage()
    const { W_dec, b_dec } = trainer.exportState()
    trainer.dispose()
    for (const [i, w] of b_dec.weights.entries()) {
      expect(w).toBeCloseTo((sums.b_dec[i] as number) / (1 - decay ** 9), 5)
    }
    for (let j = 0; j < 32; j++) {
      const norm = Math.hypot(...sums.W_dec.subarray(j * 16, (j + 1) * 16))
      for (let c = 0; c < 16; c++)
        expect(W_dec.weights[j * 16 + c]).toBeCloseTo((sums.W_dec[j * 16 + c] as number) / norm, 5)
    }
  })

  it("a learning rate rises and falls as it is told, and k falls to its value", () => {
    const options = resolveOptions(
      request("topk", {
        steps: 100,
        lr: 2,
        warmup: 0.1,
        warmup_from: 0.1,
        warmup_shape: "cosine",
        decay: 0.5,
        decay_to: 0.25,
        decay_shape: "cosine",
        k_anneal: 0.5
      })
    )
    const rates = Array.from({ length: 100 }, (_, i) => learningRate(options, i + 1))
    // Half of the warm-up, at step 5: 0.1 + 0.9 / 2; half of the decay, with 25 of 50 steps left: 0.25 + 0.75 / 2.
    expect(rates[4]).toBeCloseTo(2 * 0.55, 12)
    expect(rates.slice(9, 50)).toEqual(Array(41).fill(2))
    expect(rates[75]).toBeCloseTo(2 * 0.625, 12)
    expect(rates[99]).toBeCloseTo(2 * (0.25 + (0.75 * (1 - Math.cos(Math.PI / 50))) / 2), 12)
    const chosen = [1, 25, 50, 51, 100].map((step) => latentsChosen(options, step, 16))
    // From 16 to 3 in 50 steps: 16 - 13 / 50, half way 9.5.
    expect(chosen).toEqual([15, 9, 3, 3, 3])
  })

  it.effect("weights saved as bfloat16 are those numbers, and nothing is lost in the file", () =>
    Effect.gen(function* () {
      const { stored, weights } = yield* trainSae(plainRows(), request("jumprelu", { dtype: "bfloat16" }))
      expect(stored.dtype).toBe("bfloat16")
      const latents = stored.latents as { readonly threshold: Float32Array }
      for (const values of [stored.W_enc, stored.W_dec, stored.b_dec, latents.threshold, weights.W_dec]) {
        const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
        expect(bits.every((word) => (word & 0xffff) === 0)).toBe(true)
      }
    })
  )

  it.effect("divergence is told with its step, the losses before it, and what to try; and it is not tried again", () =>
    Effect.gen(function* () {
      const given = request("topk", { lr: 30, warmup: 0, normalize: "none", reconstruction: "sum" })
      const failure = yield* Effect.flip(trainSae(plainRows(), given))
      expect(failure.message).toMatch(/diverged at step \d+: .*losses before it, by step: 1: [\d.e+]+/s)
      expect(failure.message).toContain(
        "lower lr (it was 30; try 10); set clip: 1; set warmup: 0.05; set normalize: mean_square"
      )
      expect(failure._tag === "StageFailed" && failure.retryable).toBe(false)
    })
  )

  it.effect("many epochs over a handful of rows work", () =>
    Effect.gen(function* () {
      const few = { ...plainRows(), rows: 9 }
      const { outcome } = yield* trainSae(few, request("topk", { steps: 400, batch_rows: 64, lr: 5e-3 }))
      expect(outcome.epochs).toBe(400)
      expect(outcome.explained_variance).toBeGreaterThan(0.9)
    })
  )

  it.effect("memory is estimated before the start, and refused where there is less", () =>
    Effect.gen(function* () {
      const sizes = { d_in: 768, d_out: 768, d_sae: 12_288, batch_rows: 2048 } as const
      const mebibytes = (compiled: boolean) => trainingBytes(sizes, compiled) / 2 ** 20
      // Weights of 72 MiB, several times; pre-activations of 96 MiB only without operations of our own.
      expect(mebibytes(true)).toBeGreaterThan(3 * 72)
      expect(mebibytes(true)).toBeLessThan(5.5 * 72)
      expect(mebibytes(false)).toBeGreaterThan(4 * 72 + 2 * 96)
      const bytes = trainingBytes(sizes, compiledOpsLoaded())
      expect(leastTrainingBytes(sizes)).toBeLessThan(bytes)
      const lines: Array<string> = []
      yield* requireTrainingMemory([sizes], (line) => lines.push(line), null, bytes)
      expect(lines).toEqual([expect.stringMatching(/768 x 12288.*take up to \d+\.\d MiB of memory/)])
      const failure = yield* Effect.flip(requireTrainingMemory([sizes, sizes], () => {}, null, bytes))
      expect(failure.message).toMatch(/takes up to [\d.]+ [GM]iB of memory.*\n.*Train fewer SAEs at once/s)
      // The file says how much it takes: it is believed.
      yield* requireTrainingMemory([sizes, sizes], () => {}, 1, bytes)
    })
  )
})
