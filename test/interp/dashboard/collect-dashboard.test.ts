import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { Dashboard } from "../../../src/kinds/dashboard/dashboard.ts"
import { contextAt } from "../../../src/kinds/dashboard/dashboard-text.ts"
import { readDashboardText } from "../../../src/kinds/dashboard/dashboard-text-file.ts"
import { openDashboard } from "../../../src/kinds/dashboard/read-dashboard.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { LatentMap } from "../../../src/kinds/latent-map.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import { writeSae } from "../../../src/kinds/sae/write-sae.ts"
import * as Rng from "../../../src/random/rng.ts"
import collect from "../../../stages/collect-dashboard.ts"
import mapLatents from "../../../stages/map-latents.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model } from "../../sae/random-gpt2.ts"
import { captured, captureInputs, columnsOf, hook, time } from "../../sae/small-text.ts"
import { opened, runStage } from "../../stage/run-stage.ts"

beforeAll(loadTestEngine)

const randomSae = (d_sae: number, seed: number): SaeWeights => {
  const rng = Rng.make(seed, "dashboard")
  const normal = (length: number) => Float32Array.from({ length }, () => rng.normal())
  return {
    d_in: d_model,
    d_sae,
    activation: { type: "relu" },
    apply_b_dec_to_input: false,
    W_enc: normal(d_model * d_sae),
    W_dec: normal(d_sae * d_model),
    // The last latent never fires.
    b_enc: Float32Array.from({ length: d_sae }, (_, j) => (j === d_sae - 1 ? -1e4 : -6)),
    b_dec: new Float32Array(d_model),
    threshold: undefined
  }
}

const saeOf = Effect.fn(function* (weights: SaeWeights) {
  const directory = yield* temporaryDirectory
  const nothing = { k: null, model: null, activations: null, training: null }
  const info = { hook, architecture: "standard", rows: "activations", ...nothing }
  yield* Effect.scoped(writeSae(folderWriter(directory), { weights, info, curve: {} }))
  return yield* opened(Sae, folderArtifact(directory, "Sae"))
})

/** relu(x W_enc + b_enc), in f64: [latent][row]. */
const activationsOf = ({ W_enc, b_enc, d_sae }: SaeWeights, x: Float32Array, rows: number): Array<Array<number>> =>
  Array.from({ length: d_sae }, (_, j) =>
    Array.from({ length: rows }, (_r, row) => {
      let sum = b_enc[j] as number
      for (let c = 0; c < d_model; c++) sum += (x[row * d_model + c] as number) * (W_enc[c * d_sae + j] as number)
      return Math.max(0, sum)
    })
  )

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const dot = (u: ArrayLike<number>, v: ArrayLike<number>) =>
    Array.from(u).reduce((sum, each, i) => sum + each * (v[i] ?? 0), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

const encoderOf = ({ W_enc, d_sae }: SaeWeights, j: number) =>
  Float64Array.from({ length: d_model }, (_, c) => W_enc[c * d_sae + j] as number)
const decoderOf = ({ W_dec }: SaeWeights, j: number) => W_dec.subarray(j * d_model, (j + 1) * d_model)

describe("a dashboard", () => {
  it.effect("holds of every latent that fires what a look at every row says, and the same bytes again", () =>
    Effect.gen(function* () {
      const inputs = yield* captureInputs(40)
      const { activations } = yield* captured(inputs)
      const all = [randomSae(9, 1), randomSae(300, 2)]
      const saes = yield* Effect.forEach(all, saeOf)
      const given = { saes, activations, model: inputs.model }
      const params = { left: 3, right: 2, neighbours: 4, top_examples: 5 }
      const { artifact, metrics } = yield* runStage(collect, given, params, yield* temporaryDirectory)
      expect((yield* runStage(collect, given, params, yield* temporaryDirectory)).artifact.digest).toBe(artifact.digest)

      const { value: file } = yield* opened(Dashboard, artifact)
      const rows = yield* columnsOf(activations.value.train)
      const { ids } = yield* inputs.tokens.value.read(0, inputs.tokens.value.contexts)
      expect(metrics["rows"]).toBe(rows.position.length)
      const text = yield* readDashboardText(file)
      let live = 0
      for (const [s, weights] of all.entries()) {
        const values = activationsOf(weights, rows.activation, rows.position.length)
        const firing = values.map((own) => own.flatMap((value, row) => (value > 0 ? [row] : [])))
        const reader = yield* openDashboard(file, s)
        const latents = (yield* Effect.forEach([...Array(reader.parts).keys()], reader.readPart)).flat()
        const alive = firing.flatMap((own, j) => (own.length > 0 ? [j] : []))
        expect(latents.map(({ latent }) => latent)).toEqual(alive)
        expect(alive.length).toBeGreaterThan(weights.d_sae / 2)
        expect(alive).not.toContain(weights.d_sae - 1)
        live += alive.length
        for (const found of latents) {
          const own = values[found.latent] as Array<number>
          const on = new Set(firing[found.latent])
          const max = Math.max(...own)
          expect(found.count).toBe(on.size)
          expect(found.max).toBeCloseTo(max, 4)
          expect(found.histogram.reduce((sum, count) => sum + count, 0)).toBe(on.size)
          const bin = (value: number) => Math.min(23, Math.floor((24 * value) / max))
          // Two bins meet in the middle of a rounding: all firings below the middle, give or take none but those.
          const below = own.filter((value) => value > 0 && bin(value * (1 - 1e-5)) < 12).length
          const surely = own.filter((value) => value > 0 && bin(value * (1 + 1e-5)) < 12).length
          const counted = found.histogram.slice(0, 12).reduce((sum, count) => sum + count, 0)
          expect(counted).toBeGreaterThanOrEqual(surely)
          expect(counted).toBeLessThanOrEqual(below)
          expect(found.cosine).toBeCloseTo(
            cosine(encoderOf(weights, found.latent), decoderOf(weights, found.latent)),
            5
          )

          const ranked = (scores: ReadonlyArray<readonly [number, number]>) =>
            scores.toSorted(([a, x], [b, y]) => y - x || a - b).slice(0, params.neighbours)
          const others = values.flatMap((_, j) => (j === found.latent ? [] : [j]))
          const near = ranked(others.map((j) => [j, cosine(decoderOf(weights, found.latent), decoderOf(weights, j))]))
          for (const [i, [, score]] of near.entries()) expect(found.neighbours[i]?.[1]).toBeCloseTo(score, 5)
          const together = ranked(
            others.flatMap((j) => {
              const both = (firing[j] as Array<number>).filter((row) => on.has(row)).length
              return both === 0 ? [] : [[j, both / (on.size + (firing[j] as Array<number>).length - both)] as const]
            })
          )
          expect(found.coactive.map(([, score]) => score)).toEqual(together.map(([, score]) => Math.fround(score)))

          const groups = Map.groupBy(found.examples, ({ group }) => group)
          expect((groups.get(0) ?? []).length).toBeLessThanOrEqual(params.top_examples)
          const strongest = groups.get(0)?.[0]
          expect(own[rows.position.indexOf(strongest?.position ?? -1)]).toBeCloseTo(max, 4)
          for (const { activations: shown, pivot, position, tokens } of found.examples) {
            for (const [i, token] of tokens.entries()) {
              const at = position - pivot + i
              expect(Math.floor(at / time)).toBe(Math.floor(position / time))
              expect(token).toBe(ids[at])
              expect(contextAt(text, at)?.[at % time]).toBe(token)
              const row = rows.position.indexOf(at)
              const exact = row < 0 ? 0 : (own[row] as number)
              expect(Math.abs((shown[i] as number) - exact)).toBeLessThan(1e-3 * Math.max(1, exact))
            }
            expect(shown[pivot]).toBeGreaterThan(0)
          }
        }
      }
      expect(metrics["live_latents"]).toBe(live)
      expect(file.token_texts["7"]).toBe("w7")
      expect([...text.ids].every((id) => file.token_texts[id] !== undefined)).toBe(true)
    })
  )

  it.effect(
    "is laid out by map-latents: latents of one bundle of directions lie together, and again where they lay",
    () =>
      Effect.gen(function* () {
        const inputs = yield* captureInputs(40)
        const { activations } = yield* captured(inputs)
        const weights = randomSae(90, 3)
        const rng = Rng.make(4, "bundles")
        const bundles = 3
        const W_dec = weights.W_dec.map((_, i) => {
          const latent = Math.floor(i / d_model)
          return (i % d_model === latent % bundles ? 1 : 0) + 0.1 * rng.normal()
        })
        const sae = yield* saeOf({ ...weights, W_dec })
        const params = { left: 1, right: 1, neighbours: 4 }
        const { artifact } = yield* runStage(
          collect,
          { saes: [sae], activations, model: inputs.model },
          params,
          yield* temporaryDirectory
        )
        const dashboard = yield* opened(Dashboard, artifact)
        const laid = Effect.gen(function* () {
          return yield* runStage(mapLatents, { saes: [sae], dashboard }, {}, yield* temporaryDirectory)
        })
        const { artifact: made, metrics } = yield* laid
        expect((yield* laid).artifact.digest).toBe(made.digest)
        const [{ latents, x, y } = { latents: [], x: [], y: [] }] = (yield* opened(LatentMap, made)).value.saes
        expect(latents.length).toBe(dashboard.value.saes[0]?.live)
        const nearestIsOfItsBundle = latents.filter((own, i) => {
          const distance = (j: number) =>
            j === i ? Number.POSITIVE_INFINITY : Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!)
          const nearest = latents.reduce((best, _, j) => (distance(j) < distance(best) ? j : best), i)
          return latents[nearest]! % bundles === own % bundles
        })
        expect(nearestIsOfItsBundle.length).toBe(latents.length)
        for (const place of [...x, ...y]) expect(place).toBeGreaterThanOrEqual(0)
        for (const place of [...x, ...y]) expect(place).toBeLessThanOrEqual(1)
        expect(metrics["neighbours_kept"]).toBeGreaterThan((metrics["neighbours_kept_shuffled"] as number) + 0.1)

        // Of two latents no neighbourhood can be lost.
        const small = yield* saeOf(randomSae(2, 5))
        const collected = yield* runStage(
          collect,
          { saes: [small], activations, model: inputs.model },
          params,
          yield* temporaryDirectory
        )
        const given = { saes: [small], dashboard: yield* opened(Dashboard, collected.artifact) }
        const map = yield* runStage(mapLatents, given, {}, yield* temporaryDirectory)
        expect(map.metrics["latents"]).toBeGreaterThan(0)
        expect(map.metrics["neighbours_kept"]).toBeUndefined()
        expect(map.artifact.unmeasured["neighbours_kept"]).toContain("no SAE has 3 latents")

        const other = yield* saeOf(weights)
        const refused = yield* Effect.flip(
          runStage(mapLatents, { saes: [other], dashboard }, {}, yield* temporaryDirectory)
        )
        expect(String(refused.message)).toContain("SAE 1 of the dashboard is not among saes")
      })
  )
})
