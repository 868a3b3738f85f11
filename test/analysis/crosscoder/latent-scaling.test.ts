import { describe, expect, it } from "vitest"
import {
  isSpecific,
  makeScalingSums,
  normClass,
  relativeNorm
} from "../../../src/analysis/crosscoder/latent-scaling.ts"
import { make } from "../../../src/random/rng.ts"

const d = 6
const rows = 200

/** The factor with which a f_i, times a direction, comes closest to targets: a search by the sum of squares itself. */
const bestFactor = (
  f: ReadonlyArray<number>,
  direction: ReadonlyArray<number>,
  y: ReadonlyArray<ReadonlyArray<number>>
): number => {
  const loss = (beta: number): number =>
    f.reduce(
      (sum, value, i) => sum + direction.reduce((s, c, n) => s + (beta * value * c - (y[i]?.[n] ?? 0)) ** 2, 0),
      0
    )
  let [low, high] = [-20, 20]
  for (let i = 0; i < 70; i++) {
    const [a, b] = [low + (high - low) / 3, high - (high - low) / 3]
    if (loss(a) < loss(b)) high = b
    else low = a
  }
  return (low + high) / 2
}

/**
 * Two models of `d` numbers a row and three true features: one that both have, one of the second alone, and one that both have
 * though the crosscoder's decoder has it in the second alone.
 */
const world = (scales: readonly [number, number]) => {
  const rng = make(1, "latent scaling")
  const features = [0, 1, 2].map((j) => Array.from({ length: d }, (_, c) => (c === j ? 1 : 0)))
  const strength = Array.from({ length: rows }, () => [0, 1, 2].map(() => (rng.float() < 0.5 ? 1 + rng.float() : 0)))
  const inFirst = [1, 0, 1]
  const noise = () => 0.01 * rng.normal()
  const sum = (parts: ReadonlyArray<number>, f: ReadonlyArray<number>, scale: number, c: number) =>
    scale * features.reduce((total, feature, j) => total + (parts[j] ?? 0) * (f[j] ?? 0) * (feature[c] ?? 0), 0)
  const decoderInFirst = [1, 0, 0]
  const W_dec = Float32Array.from(
    features.flatMap((feature, j) => [
      ...feature.map((c) => scales[0] * c * (decoderInFirst[j] ?? 0)),
      ...feature.map((c) => scales[1] * c)
    ])
  )
  const data = strength.map((f) => {
    const columns = Array.from({ length: d }, (_, c) => c)
    const xHat = [
      ...columns.map((c) => sum(decoderInFirst, f, scales[0], c)),
      ...columns.map((c) => sum([1, 1, 1], f, scales[1], c))
    ]
    const x = [
      ...columns.map((c) => sum(inFirst, f, scales[0], c) + noise() * scales[0]),
      ...columns.map((c) => sum([1, 1, 1], f, scales[1], c) + noise() * scales[1])
    ]
    return { f, x, xHat }
  })
  return { data, W_dec }
}

const scalingOf = (scales: readonly [number, number]) => {
  const { data, W_dec } = world(scales)
  const sums = makeScalingSums(W_dec, [
    { width: d, scale: scales[0] },
    { width: d, scale: scales[1] }
  ])
  for (const { f, x, xHat } of data) {
    sums.add(
      x,
      xHat,
      f.flatMap((value, j) => (value > 0 ? [[j, value] as const] : []))
    )
  }
  return { data, latents: sums.result() }
}

describe("latent scaling", () => {
  it("tells a latent of one model from one that the crosscoder only takes for such, whatever the models' norms", () => {
    for (const scales of [
      [1, 1],
      [7, 0.5]
    ] as const) {
      const { latents } = scalingOf(scales)
      expect(latents.map(normClass)).toEqual(["shared", "second", "second"])
      expect(latents.map(isSpecific)).toEqual([false, true, false])
      expect(latents[0]?.vError).toBeCloseTo(1, 1)
      expect(latents[1]?.vError).toBeCloseTo(0, 1)
      expect(latents[2]?.vError).toBeCloseTo(1, 1)
      expect(latents[2]?.vReconstruction).toBeCloseTo(0, 1)
    }
  })

  it("gives the factors of a least-squares fit", () => {
    const { data, latents } = scalingOf([1, 1])
    for (const [j, { vError, vReconstruction }] of latents.entries()) {
      const direction = Array.from({ length: d }, (_, c) => (c === j ? 1 : 0))
      const f = data.map((row) => row.f[j] ?? 0)
      const own = (m: number, i: number, c: number) => (m === 1 || j === 0 ? (f[i] ?? 0) * (direction[c] ?? 0) : 0)
      const fit = (m: number, target: (x: number, xHat: number, i: number, c: number) => number) =>
        bestFactor(
          f,
          direction,
          data.map(({ x, xHat }, i) => direction.map((_, c) => target(x[m * d + c] ?? 0, xHat[m * d + c] ?? 0, i, c)))
        )
      const error = (m: number) => fit(m, (x, xHat, i, c) => x - xHat + own(m, i, c))
      const said = (m: number) => fit(m, (_, xHat) => xHat)
      expect(vError).toBeCloseTo(error(0) / error(1), 5)
      expect(vReconstruction).toBeCloseTo(said(0) / said(1), 5)
    }
  })

  it("has no factors for a latent that never fires, and none between models of two widths", () => {
    const sums = makeScalingSums(new Float32Array(2 * d), [
      { width: d, scale: 1 },
      { width: d, scale: 1 }
    ])
    expect(sums.result()).toEqual([{ firings: 0, relativeNorm: 0.5, vReconstruction: undefined, vError: undefined }])
    const uneven = () =>
      makeScalingSums(new Float32Array(5), [
        { width: 2, scale: 1 },
        { width: 3, scale: 1 }
      ])
    expect(uneven).toThrow("no common direction")
    expect([relativeNorm(1, 0), relativeNorm(0, 2), relativeNorm(3, 3)]).toEqual([0, 1, 0.5])
  })
})
