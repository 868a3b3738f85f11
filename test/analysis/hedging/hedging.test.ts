import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { beforeAll, describe, expect } from "vitest"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { hedgingFigures, hedgingOf, type HedgingRows, randomPart } from "../../../src/analysis/hedging/hedging.ts"
import { otherLatents } from "../../../src/analysis/hedging/other-latents.ts"
import { solveSymmetric } from "../../../src/numeric/solve-symmetric.ts"
import * as Rng from "../../../src/random/rng.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import { grownSae } from "../../../src/sae/dictionaries/grow-sae.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import evaluateHedging from "../../../stages/evaluate-hedging.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { optionsFor } from "../../sae/architectures/known.ts"
import { runStage } from "../../stage/run-stage.ts"
import { randomSae } from "../random-sae.ts"
import { saeArtifact } from "../sae-artifact.ts"

beforeAll(loadTestEngine)

const figuresOf = (rows: HedgingRows) => hedgingFigures(hedgingOf(rows), rows.d).figures

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0)

/** Rows of a narrow dictionary, of the same rows moved a little, and of new ones. */
const grown = fc
  .record({ latents: fc.integer({ min: 1, max: 12 }), added: fc.integer({ min: 1, max: 5 }), seed: fc.nat() })
  .map(({ latents, added, seed }): HedgingRows => {
    const d = 8
    const rng = Rng.make(seed, "grown rows")
    const narrow = randomUnitRows(latents, d, seed)
    const moved = narrow.map((w) => w + 0.2 * rng.normal())
    const all = new Float32Array((latents + added) * d)
    all.set(moved)
    all.set(randomUnitRows(added, d, seed + 1), latents * d)
    return { narrow, wide: all, d }
  })

describe("hedging of decoder rows", () => {
  it("is what the mixed part of each row is, where new latents are the features that were mixed in", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 1.6, noNaN: true }), (mixed) => {
        const [n, d] = [10, 64]
        const narrow = new Float32Array(n * d)
        const wide = new Float32Array(2 * n * d)
        for (let i = 0; i < n; i++) {
          narrow[i * d + i] = 1
          narrow[i * d + n + i] = mixed
          wide[i * d + i] = 1
          wide[(n + i) * d + n + i] = 3
        }
        const { hedging, change_in_new, decoder_change, excess_share } = figuresOf({ narrow, wide, d })
        const norm = Math.hypot(1, mixed)
        const change = Math.hypot(1 - 1 / norm, mixed / norm)
        const random = change * randomPart(n, d)
        expect(change_in_new).toBeCloseTo(mixed / norm, 6)
        expect(decoder_change).toBeCloseTo(change, 6)
        expect(hedging).toBeCloseTo((mixed / norm - random) / (1 - random), 6)
        expect(excess_share).toBeCloseTo((mixed / norm / change) ** 2 - n / d, 6)
      })
    )
  })

  it("says which new latent took each part", () => {
    const d = 16
    const narrow = Float32Array.from({ length: 2 * d }, (_, at) => ([0, 2, d + 1, d + 3].includes(at) ? 1 : 0))
    const wide = Float32Array.from({ length: 4 * d }, (_, at) =>
      [0, d + 1, 2 * d + 3, 3 * d + 2].includes(at) ? 1 : 0
    )
    expect([...hedgingOf({ narrow, wide, d }).taker]).toEqual([3, 2])
  })

  it("leaves out a latent that changed places with a new one, and keeps it in the published figure", () => {
    const [n, d] = [12, 64]
    const at = (rows: Float32Array, row: number, feature: number, value = 1) => (rows[row * d + feature] = value)
    const [narrow, wide] = [new Float32Array(n * d), new Float32Array((n + 2) * d)]
    for (let i = 0; i < n; i++) {
      at(narrow, i, i)
      at(wide, i, i)
    }
    // The first latent's feature is the first new one's, and its own row another feature.
    at(wide, 0, 0, 0)
    at(wide, 0, 40)
    at(wide, n, 0)
    at(wide, n + 1, 41)
    const hedging = hedgingOf({ narrow, wide, d })
    expect([...hedging.replaced]).toEqual([1, ...Array.from({ length: n - 1 }, () => 0)])
    const { figures } = hedgingFigures(hedging, d)
    expect(figures).toMatchObject({ hedging: 0, decoder_change: 0 })
    const random = (randomPart(2, d) * Math.SQRT2) / n
    expect(figures.published_hedging).toBeCloseTo((1 / n - random) / (1 - random), 12)
  })

  it("projects as least squares do", () => {
    fc.assert(
      fc.property(grown, (rows) => {
        const { d, narrow, wide } = rows
        const { inNew, change } = hedgingOf(rows)
        const unit = (W: Float32Array, j: number): Float64Array => {
          const row = Float64Array.from(W.subarray(j * d, (j + 1) * d))
          return row.map((w) => w / Math.hypot(...row))
        }
        const n = narrow.length / d
        const added = Array.from({ length: wide.length / d - n }, (_, j) => unit(wide, n + j))
        for (let i = 0; i < n; i++) {
          const delta = unit(wide, i).map((w, c) => w - (unit(narrow, i)[c] as number))
          const gram = Float64Array.from(added.flatMap((a) => added.map((b) => dot(a, b))))
          const solution = Float64Array.from(added.map((a) => dot(a, delta)))
          const sides = solution.slice()
          solveSymmetric(gram, solution, added.length)
          expect(inNew[i]).toBeCloseTo(Math.sqrt(Math.max(0, dot(sides, solution))), 5)
          expect(inNew[i]).toBeLessThanOrEqual((change[i] as number) + 1e-12)
        }
      })
    )
  })

  it("knows no norm of a row, and no order or repetition of new ones", () => {
    fc.assert(
      fc.property(grown, fc.double({ min: 0.01, max: 100, noNaN: true }), (rows, factor) => {
        const { d, narrow, wide } = rows
        const before = figuresOf(rows)
        const scaled = figuresOf({ narrow: narrow.map((w) => w * factor), wide: wide.map((w) => w / factor), d })
        const twice = new Float32Array(wide.length + d)
        twice.set(wide)
        twice.set(wide.subarray(wide.length - d), wide.length)
        for (const other of [scaled, figuresOf({ narrow, wide: twice, d })]) {
          expect(other.hedging).toBeCloseTo(before.hedging, 4)
          expect(other.excess_share).toBeCloseTo(before.excess_share, 4)
        }
      })
    )
  })

  it("is nothing where nothing moved, with no share of the change", () => {
    const narrow = randomUnitRows(9, 8, 3)
    const wide = new Float32Array(11 * 8)
    wide.set(narrow)
    wide.set(randomUnitRows(2, 8, 4), narrow.length)
    const found = figuresOf({ narrow, wide, d: 8 })
    expect(found).toMatchObject({ hedging: 0, change_in_new: 0, decoder_change: 0 })
    expect(found.excess_share).toBeNaN()
  })

  it("takes from random directions what they give on average", () => {
    for (const [rank, d] of [
      [1, 2],
      [3, 8],
      [7, 8],
      [16, 64]
    ] as const) {
      const draws = Array.from({ length: 4000 }, (_, draw) => {
        const u = randomUnitRows(1, d, 10_000 + draw)
        return Math.hypot(...u.subarray(0, rank))
      })
      const mean = draws.reduce((sum, x) => sum + x / draws.length, 0)
      const deviation = Math.sqrt(draws.reduce((sum, x) => sum + (x - mean) ** 2 / draws.length, 0))
      expect(Math.abs(mean - randomPart(rank, d))).toBeLessThan((5 * deviation) / Math.sqrt(draws.length))
    }
    expect(randomPart(1, 2)).toBeCloseTo(2 / Math.PI, 12)
    expect(randomPart(5, 5)).toBe(1)
  })

  it("is no more than what another seed's latents span, where rows move in a few dimensions that all latents lie in", () => {
    const [n, added, live, d] = [300, 6, 12, 48]
    // Rows of a space of 12 of the 48 dimensions: anything that lies there spans more of a change than random directions do.
    const within = (count: number, seed: number): Float32Array => {
      const rows = new Float32Array(count * d)
      randomUnitRows(count, live, seed).forEach((w, at) => (rows[Math.floor(at / live) * d + (at % live)] = w))
      return rows
    }
    const narrow = within(n, 1)
    const wide = new Float32Array((n + added) * d)
    const moves = within(n, 2)
    wide.set(narrow.map((w, at) => w + 0.2 * (moves[at] as number)))
    wide.set(within(added, 3), n * d)
    const rows = { narrow, wide, d }
    const { figures, intervals } = hedgingFigures(hedgingOf(rows), d, otherLatents(rows, [within(n, 4), within(n, 5)]))
    expect(intervals["hedging"]!.low).toBeGreaterThan(0.02)
    expect(figures.other_hedging).toBeGreaterThan(0.02)
    expect(Math.abs(figures.hedging_beyond_other)).toBeLessThan(0.015)
    // New latents that are what was taken out of the rows are beyond any others.
    wide.set(narrow.map((w, at) => w - 0.3 * (at % d === 0 ? 1 : 0)))
    wide.set(
      Float32Array.from({ length: added * d }, (_, at) => (at === 0 ? 1 : at % (d + 1) === 0 ? 1 : 0)),
      n * d
    )
    const real = hedgingFigures(hedgingOf(rows), d, otherLatents(rows, [within(n, 4)]))
    expect(real.intervals["hedging_beyond_other"]!.low).toBeGreaterThan(0.05)
  })

  it("of latents that move at random is zero within its noise", () => {
    const d = 32
    const narrow = randomUnitRows(400, d, 5)
    const rng = Rng.make(6, "moves")
    const wide = new Float32Array(408 * d)
    wide.set(narrow.map((w) => w + 0.05 * rng.normal()))
    wide.set(randomUnitRows(8, d, 7), narrow.length)
    const { intervals } = hedgingFigures(hedgingOf({ narrow, wide, d }), d)
    const { low, high } = intervals["hedging"]!
    expect(low).toBeLessThan(0)
    expect(high).toBeGreaterThan(0)
  })
})

describe("a narrow SAE that is trained on with new latents", () => {
  const [pairs, d] = [4, 24]

  /** Four features, each with another one that fires with it alone, or by itself as often: all orthogonal, of magnitude 1. */
  const world = (tied: boolean): Float32Array<ArrayBuffer> => {
    const rng = Rng.make(11, "pairs of features")
    const rows = new Float32Array(6000 * d)
    for (let start = 0; start < rows.length; start += d) {
      for (let pair = 0; pair < pairs; pair++) {
        const parent = rng.float() < 0.3
        const child = tied ? parent && rng.float() < 0.4 : rng.float() < 0.12
        if (parent) rows[start + pair] = 1
        if (child) rows[start + pairs + pair] = 1
      }
    }
    return rows
  }

  const hedgingIn = Effect.fnUntraced(function* (tied: boolean) {
    const rows = matrixRows(world(tied), d)
    const base = {
      steps: 500,
      batch_rows: 256,
      lr: 5e-3,
      seed: 0,
      sparsity_coefficient: 0.02,
      normalize: "none"
    } as const
    const options = (d_sae: number) => optionsFor("standard", { ...base, d_sae })
    const { stored: start } = yield* trainSae(rows, options(pairs))
    const wider = grownSae(start, { d_sae: 2 * pairs, encoder_norm: 0.1, seed: 1 })
    if (typeof wider === "string") return yield* Effect.die(wider)
    const narrow = yield* trainSae(rows, options(pairs), {}, start)
    const wide = yield* trainSae(rows, options(2 * pairs), {}, wider)
    return figuresOf({ narrow: narrow.weights.W_dec, wide: wide.weights.W_dec, d })
  })

  it.effect("gives back what it had mixed of correlated features, and nothing of independent ones", () =>
    Effect.gen(function* () {
      const [tied, independent] = [yield* hedgingIn(true), yield* hedgingIn(false)]
      // A latent of one of two tied features is mixed: the row of its feature alone is far from it.
      expect(tied.decoder_change).toBeGreaterThan(0.3)
      expect(tied.hedging).toBeGreaterThan(0.1)
      expect(tied.change_in_new).toBeGreaterThan(1.3 * tied.random_in_new)
      expect(Math.abs(independent.hedging)).toBeLessThan(0.02)
    })
  )
})

describe("evaluate-hedging", () => {
  const d = 16
  const given = Effect.fnUntraced(function* (change: Readonly<Record<string, unknown>> = {}) {
    const narrowWeights = { ...randomSae(1, d, 10), apply_b_dec_to_input: true }
    const start = yield* saeArtifact(narrowWeights, { training: { steps: 9 } })
    const grownFrom = { grown: start.value.digest, narrow_latents: 10, encoder_norm: 0.1, seed: 0 }
    const grownArtifact = yield* saeArtifact(randomSae(2, d, 14), { training: grownFrom })
    const options = { steps: 5, lr: 1e-3 }
    const narrow = yield* saeArtifact(narrowWeights, { training: { ...options, init: start.value.digest } })
    const wide = yield* saeArtifact(randomSae(3, d, 14), {
      training: { ...options, init: grownArtifact.value.digest, ...change }
    })
    return { start, narrow, grown: grownArtifact, wide }
  })

  const evaluated = Effect.fnUntraced(function* (inputs: Parameters<typeof runStage>[1]) {
    return yield* runStage(evaluateHedging, inputs, {}, yield* temporaryDirectory)
  })

  it.effect("tells figures with their intervals over latents, and how many new latents learnt little", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const narrowWeights = randomSae(1, d, 10)
        const start = yield* saeArtifact(narrowWeights, { training: { steps: 9 } })
        const info = { grown: start.value.digest, narrow_latents: 10, encoder_norm: 0.1, seed: 0 }
        const grownWeights = randomSae(2, d, 14)
        grownWeights.W_dec.set(narrowWeights.W_dec.map((w, at) => w + 0.05 * Math.sin(at)))
        const grownArtifact = yield* saeArtifact(grownWeights, { training: info })
        const narrow = yield* saeArtifact(narrowWeights, { training: { steps: 5, init: start.value.digest } })
        const wide = yield* saeArtifact(grownWeights, { training: { steps: 5, init: grownArtifact.value.digest } })
        const lines: Array<string> = []
        const { metrics } = yield* runStage(
          evaluateHedging,
          { narrow, grown: grownArtifact, wide },
          {},
          yield* temporaryDirectory,
          { log: (line) => lines.push(line) }
        )
        const { figures } = hedgingFigures(hedgingOf({ narrow: narrowWeights.W_dec, wide: grownWeights.W_dec, d }), d)
        expect(metrics["hedging"]).toBeCloseTo(figures.hedging, 5)
        expect(metrics["hedging_low"]).toBeLessThan(figures.hedging)
        expect(metrics).toMatchObject({ new_latents: 4, unmoved_latents: 4 })
        expect(lines.join()).toContain("4 of 4 new latents lie where they began")
      })
    )
  )

  it.effect("measures SAEs of other seeds beside it, and refuses others that are no control", () =>
    Effect.gen(function* () {
      const { narrow, grown: grownArtifact, wide } = yield* given()
      const inputs = { narrow, grown: grownArtifact, wide }
      const training = { steps: 5, lr: 1e-3, seed: 1 }
      const other = yield* saeArtifact(randomSae(7, d, 10), { training })
      const { metrics } = yield* evaluated({ ...inputs, others: [narrow, other] })
      const { hedging, other_hedging, hedging_beyond_other } = metrics as Record<string, number>
      expect(hedging_beyond_other).toBeCloseTo((hedging as number) - (other_hedging as number), 12)
      expect((yield* evaluated(inputs)).metrics).not.toHaveProperty("other_hedging")
      const own = yield* evaluated({ ...inputs, others: [narrow] })
      expect(own.unmeasured).toMatchObject({ other_hedging: "`others` has the narrow SAE alone" })
      const few = yield* saeArtifact(randomSae(7, d, 3), { training })
      expect(String(yield* Effect.flip(evaluated({ ...inputs, others: [few] })))).toContain(
        "has 3 latents of 16 dimensions; 4 latents of 16"
      )
    })
  )

  for (const [what, change, problem] of [
    ["was trained longer", { steps: 6 }, "trained with steps 5, `wide` with 6"],
    ["had another auxiliary loss", { aux_coefficient: 0.5 }, "trained with aux_coefficient not set, `wide` with 0.5"],
    ["had another learning rate", { lr: 2e-3 }, "set lr, which without a value goes by their number"],
    ["was not trained on from the grown SAE", { init: "other" }, "`wide` was not trained on from `grown`"]
  ] as const) {
    it.effect(`refuses a wide SAE that ${what}`, () =>
      Effect.gen(function* () {
        const { narrow, grown: grownArtifact, wide } = yield* given(change)
        const error = yield* Effect.flip(evaluated({ narrow, grown: grownArtifact, wide }))
        expect(String(error)).toContain(problem)
      })
    )
  }

  it.effect("refuses the SAE that was grown itself as the control, and one that was not grown", () =>
    Effect.gen(function* () {
      const { start, narrow, grown: grownArtifact, wide } = yield* given()
      const itself = yield* Effect.flip(evaluated({ narrow: start, grown: grownArtifact, wide }))
      expect(String(itself)).toContain("is the SAE that was grown itself")
      const none = yield* Effect.flip(evaluated({ narrow, grown: narrow, wide }))
      expect(String(none)).toContain("was not made by grow-sae")
    })
  )
})
