import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { ownLatents, sourceShares } from "../../src/analysis/source-norms.ts"
import { Evaluation } from "../../src/kinds/evaluation/evaluation.ts"
import { computableSae } from "../../src/kinds/sae/stored/computable-sae.ts"
import type { SaeWeights } from "../../src/kinds/sae/stored/sae-weights.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import { Tokens } from "../../src/kinds/tokens/tokens.ts"
import * as Rng from "../../src/random/rng.ts"
import { foldScale } from "../../src/sae/training/fold-scale.ts"
import { groupSizes } from "../../src/sae/architectures/matryoshka-batch-topk.ts"
import { sumOfPartNorms } from "../../src/numeric/row-norms.ts"
import { matrixRows } from "../../src/activations/row-source.ts"
import { type FirstWeights, unfoldScale } from "../../src/sae/training/unfold-scale.ts"
import { makeSaeTrainer } from "../../src/sae/training/sae-trainer.ts"
import { makeSaeModel } from "../../src/sae/sae-model.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
import capture from "../../stages/capture-activations.ts"
import evaluateCrosscoder from "../../stages/evaluate-crosscoder.ts"
import trainCrosscoder from "../../stages/train-crosscoder.ts"
import trainTranscoder from "../../stages/train-transcoder.ts"
import { folderArtifact, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"
import {
  type AnyResolved,
  type AskedOptions,
  comparedOptions,
  methodOf,
  optionsFor,
  resolvedFor
} from "./architectures/known.ts"
import { centralDifferences } from "./central-differences.ts"
import { gradientValues } from "./training/gradient-values.ts"
import { randomGpt2, vocabulary, writeTokens } from "./random-gpt2.ts"
import { opened, runStage } from "../stage/run-stage.ts"
import { openedActivations } from "./small-text.ts"

beforeAll(loadTestEngine)

type Matrix = Array<Array<number>>

const [d_in, d_out, d_sae, rows] = [4, 6, 10, 8]
const variance = 3
const sparsity = 0.4

const optionsOf = (architecture: string, more: AskedOptions): AnyResolved =>
  comparedOptions(architecture, { d_sae, sparsity_coefficient: sparsity, apply_b_dec_to_input: false, ...more })

const example = (seed: number) => {
  const rng = Rng.make(seed, "transcoder")
  const vector = (n: number) => Array.from({ length: n }, () => Math.fround(rng.normal()))
  const matrix = (n: number, m: number): Matrix => Array.from({ length: n }, () => vector(m))
  return {
    W_enc: matrix(d_sae, d_in),
    b_enc: [vector(d_sae)],
    W_dec: matrix(d_sae, d_out),
    b_dec: [vector(d_out)],
    W_skip: matrix(d_out, d_in),
    x: matrix(rows, d_in),
    y: matrix(rows, d_out)
  }
}
type Example = ReturnType<typeof example>

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)

/** In f64, densely; `parts` are the widths whose norms a penalty adds up and a choice of several sources weighs by. */
const naiveLoss = (p: Example, options: AnyResolved, parts: ReadonlyArray<number>, skip: boolean): number => {
  const norms = p.W_dec.map((row) => sumOfPartNorms(row, parts))
  const z = p.x.map((row) => p.W_enc.map((w, j) => dot(w, row) + (p.b_enc[0]?.[j] as number)))
  const chosen = options.k * rows
  const rank = (value: number, j: number): number => (parts.length === 1 ? value : value * (norms[j] as number))
  const ranked = z.flatMap((row) => row.map(rank)).toSorted((a, b) => b - a)
  const limit = options.architecture.sparseBy === "penalty" ? 0 : (ranked[chosen - 1] as number)
  const f = z.map((row) => row.map((value, j) => (rank(value, j) >= limit ? Math.max(0, value) : 0)))
  const missed = (width: number): number => {
    let total = 0
    for (let i = 0; i < rows; i++) {
      for (let c = 0; c < d_out; c++) {
        let value = p.b_dec[0]?.[c] as number
        for (let j = 0; j < width; j++) value += (f[i]?.[j] as number) * (p.W_dec[j]?.[c] as number)
        if (skip) value += dot(p.W_skip[c] as Array<number>, p.x[i] as Array<number>)
        total += (value - (p.y[i]?.[c] as number)) ** 2 / rows
      }
    }
    return options.reconstruction === "sum" ? total : total / variance
  }
  if (options.architecture.name === "matryoshka_batch_topk") {
    let width = 0
    const sizes = groupSizes(options)
    return sizes.reduce((sum, size) => sum + missed((width += size)) / sizes.length, 0)
  }
  if (options.architecture.name === "batch_topk") return missed(d_sae)
  const penalty = f.flatMap((row) => row.map((value, j) => value * (norms[j] as number))).reduce((a, b) => a + b, 0)
  return missed(d_sae) + (sparsity * penalty) / rows
}

describe("gradients with a target of its own, a skip connection and several sources", () => {
  for (const [architecture, more, parts, skip] of [
    ["standard", { decoder_norm: "free" }, [d_out], true],
    ["standard", { decoder_norm: "free" }, [2, 4], false],
    ["batch_topk", {}, [d_out], true],
    ["batch_topk", {}, [2, 4], false],
    ["matryoshka_batch_topk", { groups: [0.3, 0.7] }, [d_out], true],
    ["matryoshka_batch_topk", { groups: [0.3, 0.7] }, [2, 1, 3], false]
  ] as const) {
    it(`${architecture}, parts of ${parts.join(" and ")}${skip ? ", with skip" : ""}`, () => {
      for (const seed of [1, 2, 3]) {
        const options = optionsOf(architecture, { skip, ...more })
        const p = example(seed)
        const tensors = {
          x: tf.tensor2d(p.x),
          target: tf.tensor2d(p.y),
          W_enc: tf.tensor2d(p.W_enc),
          b_enc: tf.tensor1d(p.b_enc[0] as Array<number>),
          W_dec: tf.tensor2d(p.W_dec),
          b_dec: tf.tensor1d(p.b_dec[0] as Array<number>)
        }
        const W_skip = skip ? tf.tensor2d(p.W_skip) : undefined
        const common = { extras: {}, memory: {}, step: 1, variance, dead: new Int32Array(0), parts, options }
        const before = tf.memory().numTensors
        const { loss, gradients } = methodOf(architecture).loss({ ...tensors, W_skip, ...common })
        const own = gradientValues(gradients, tensors)
        expect(tf.memory().numTensors).toBe(before)
        const expected = () => naiveLoss(p, options, parts, skip)
        expect(Math.abs(loss - expected())).toBeLessThan(1e-5 * expected())
        for (const [name, got] of Object.entries(own) as ReadonlyArray<[keyof Example, ReadonlyArray<number>]>) {
          const slopes = p[name].flatMap((values) => centralDifferences(expected, values))
          const size = Math.max(...slopes.map(Math.abs))
          expect(got.length, name).toBe(slopes.length)
          for (const [i, slope] of slopes.entries()) {
            expect(Math.abs((got[i] as number) - slope), `${name}[${i}]`).toBeLessThan(3e-5 * size)
          }
        }
        tf.dispose([Object.values(tensors), ...(W_skip === undefined ? [] : [W_skip])])
      }
    })
  }
})

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
    const matrix = (n: number, m: number): Matrix =>
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
        W_dec: W_dec.weights,
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

describe("stages", () => {
  const time = 16
  const captured = Effect.fn(function* (hook: string, seed = 0) {
    const rng = Rng.make(2, "ids")
    const ids = Int32Array.from({ length: 200 * time }, (_, i) => (i % time === 0 ? 0 : 1 + rng.int(vocabulary - 1)))
    const documents = Int32Array.from(ids, (_, i) => (i % time === 0 ? -1 : Math.floor(i / 40)))
    const model = yield* randomGpt2
    const tokens = yield* opened(Tokens, folderArtifact(yield* writeTokens(ids, documents, time), "Tokens"))
    const { artifact } = yield* runStage(capture, { model, tokens }, { hook, seed }, yield* temporaryDirectory)
    return yield* openedActivations(artifact)
  })
  const params = { d_sae: 48, k: 6, steps: 150, batch_rows: 128, lr: 5e-3 }

  it.effect("train-transcoder saves a SAELens transcoder, and refuses activations that are not aligned", () =>
    Effect.gen(function* () {
      const [activations, target] = [
        yield* captured("blocks.0.hook_resid_mid"),
        yield* captured("blocks.0.hook_mlp_out")
      ]
      const directory = yield* temporaryDirectory
      const { artifact, metrics } = yield* runStage(
        trainTranscoder,
        { activations, target },
        { ...params, skip: true },
        directory
      )
      const { value } = yield* opened(Sae, artifact)
      expect(value).toMatchObject({ architecture: "batch_topk_skip_transcoder", hook: "blocks.0.hook_resid_mid", k: 6 })
      expect(value.d_out).toBe(target.value.d_in)
      expect((yield* value.stored).metadata).toMatchObject({ hook_name_out: "blocks.0.hook_mlp_out" })
      expect(metrics["explained_variance"]).toBeGreaterThan(0.3)
      expect((yield* Effect.flip(value.weights)).message).toMatch(/transcoder, and an autoencoder is needed/)

      const other = yield* captured("blocks.0.hook_mlp_out", 1)
      const failure = yield* Effect.flip(
        runStage(trainTranscoder, { activations, target: other }, params, yield* temporaryDirectory)
      )
      expect(failure.message).toMatch(/hold out different documents/)
      const wrong = yield* Effect.flip(
        runStage(trainTranscoder, { activations, target }, { ...params, architecture: "topk" }, directory)
      )
      expect(wrong.message).toMatch(/architecture is topk; a transcoder's can be/)
    })
  )

  it.effect("train-crosscoder saves shares of the sources beside an SAE on concatenated rows", () =>
    Effect.gen(function* () {
      const sources = [yield* captured("blocks.0.hook_resid_post"), yield* captured("blocks.1.hook_resid_post")]
      const directory = yield* temporaryDirectory
      const { artifact, metrics } = yield* runStage(trainCrosscoder, { sources }, params, directory)
      const { value } = yield* opened(Sae, artifact)
      expect(value.d_in).toBe(2 * (sources[0]?.value.d_in as number))
      const file = JSON.parse(yield* artifact.readText("crosscoder.json")) as {
        shares: Array<Array<number>>
        shared: number
      }
      expect(file.shares.length).toBe(48)
      for (const share of file.shares) expect(share.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6)
      expect(metrics["shared_fraction"]).toBeCloseTo(file.shared / 48, 9)
      const crosscoder = { value, artifact, at: {} }
      const measured = yield* runStage(evaluateCrosscoder, { crosscoder, sources }, {}, yield* temporaryDirectory)
      const evaluation = yield* opened(Evaluation, measured.artifact)
      // Each source against sums over its own columns, taken apart by hand.
      const raw = yield* Effect.forEach(sources, ({ value: source }) => source.held_out.loadRows())
      const widths = sources.map(({ value: source }) => source.d_in)
      const count = (raw[0] as Float32Array).length / (widths[0] as number)
      const rows = new Float32Array(count * value.d_in)
      for (let row = 0; row < count; row++) {
        let at = row * value.d_in
        for (const [m, d] of widths.entries()) {
          rows.set((raw[m] as Float32Array).subarray(row * d, (row + 1) * d), at)
          at += d
        }
      }
      const model = makeSaeModel(yield* value.weights)
      const output = tf.tidy(() => model.reconstruct(tf.tensor2d(rows, [count, value.d_in])).dataSync())
      model.dispose()
      const found = evaluation.value.sources ?? []
      expect(found.map(({ hook }) => hook)).toEqual(sources.map(({ value: source }) => source.hook))
      for (const [m, d] of widths.entries()) {
        const column = (from: ArrayLike<number>, row: number, c: number) => from[row * value.d_in + m * d + c] as number
        let error = 0
        let spread = 0
        for (let c = 0; c < d; c++) {
          let mean = 0
          for (let row = 0; row < count; row++) mean += column(rows, row, c) / count
          for (let row = 0; row < count; row++) {
            error += (column(rows, row, c) - column(output, row, c)) ** 2
            spread += (column(rows, row, c) - mean) ** 2
          }
        }
        expect(found[m]?.explained_variance).toBeCloseTo(1 - error / spread, 5)
      }
      const values = found.map(({ explained_variance: ev }) => ev)
      expect(measured.metrics["explained_variance"]).toBeCloseTo(((values[0] ?? 0) + (values[1] ?? 0)) / 2, 9)
      expect(measured.metrics["explained_variance_least"]).toBe(Math.min(...values))
      const swapped = { crosscoder, sources: sources.toReversed() }
      const refused = yield* Effect.flip(runStage(evaluateCrosscoder, swapped, {}, yield* temporaryDirectory))
      expect(refused.message).toMatch(/the crosscoder reads blocks\.0\.hook_resid_post .*the sources are blocks\.1/)

      const one = yield* Effect.flip(
        runStage(trainCrosscoder, { sources: sources.slice(0, 1) }, params, yield* temporaryDirectory)
      )
      expect(one.message).toMatch(/there are 1 sources/)
    })
  )
})
