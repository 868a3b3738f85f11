import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { arraysOf } from "../../../src/kinds/sae/latents/latents.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import type { StoredSae } from "../../../src/kinds/sae/stored/stored-sae.ts"
import { grownSae } from "../../../src/sae/dictionaries/grow-sae.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import growSae from "../../../stages/grow-sae.ts"
import { randomSae } from "../../analysis/random-sae.ts"
import { saeArtifact } from "../../analysis/sae-artifact.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { opened, runStage } from "../../stage/run-stage.ts"
import { architectureNames, optionsFor } from "../architectures/known.ts"
import { normalRows } from "../normal-rows.ts"

beforeAll(loadTestEngine)

const [d_in, narrow, wide] = [12, 20, 28]

const grownOf = (sae: StoredSae, seed = 0): StoredSae => {
  const grown = grownSae(sae, { d_sae: wide, encoder_norm: 0.1, seed })
  if (typeof grown === "string") throw new Error(grown)
  return grown
}

const encoderRow = ({ W_enc, d_sae }: StoredSae, j: number) =>
  Array.from({ length: d_in }, (_, c) => W_enc[c * d_sae + j])
const norm = (values: ArrayLike<number | undefined>) => Math.hypot(...(Array.from(values) as Array<number>))

describe("a grown SAE", () => {
  for (const architecture of architectureNames) {
    it.effect(`of ${architecture} has the narrow one's latents first, as they were, and is trained on`, () =>
      Effect.gen(function* () {
        const rows = matrixRows(Float32Array.from(normalRows(3, 600 * d_in)), d_in)
        const base = { k: 4, target_l0: 4, steps: 8, batch_rows: 64, seed: 0, groups: [0.5, 0.5] }
        const { stored } = yield* trainSae(rows, optionsFor(architecture, { ...base, d_sae: narrow }))
        const grown = grownOf(stored)
        expect(grown.d_sae).toBe(wide)
        expect([...grown.W_dec.subarray(0, narrow * d_in)]).toEqual([...stored.W_dec])
        for (let j = 0; j < narrow; j++) expect(encoderRow(grown, j)).toEqual(encoderRow(stored, j))
        for (const [name, values] of arraysOf(stored.latents)) {
          const own = arraysOf(grown.latents).find(([other]) => other === name)?.[1]
          expect([...(own?.subarray(0, narrow) ?? [])], name).toEqual([...values])
          expect(own?.length).toBe(wide)
        }
        for (let j = narrow; j < wide; j++) {
          expect(norm(grown.W_dec.subarray(j * d_in, (j + 1) * d_in))).toBeCloseTo(1, 5)
          expect(norm(encoderRow(grown, j))).toBeCloseTo(architecture === "matching_pursuit" ? 1 : 0.1, 5)
        }
        const trained = yield* trainSae(rows, optionsFor(architecture, { ...base, d_sae: wide }), {}, grown)
        expect(trained.stored.d_sae).toBe(wide)
        expect([...trained.stored.W_dec].every(Number.isFinite)).toBe(true)
      })
    )
  }

  it.effect("has other new directions with another seed, and the same with the same", () =>
    Effect.gen(function* () {
      const rows = matrixRows(Float32Array.from(normalRows(3, 600 * d_in)), d_in)
      const { stored } = yield* trainSae(
        rows,
        optionsFor("topk", { k: 4, steps: 2, seed: 0, d_sae: narrow, batch_rows: 64 })
      )
      const of = (seed: number) => [...grownOf(stored, seed).W_dec.subarray(narrow * d_in)]
      expect(of(3)).toEqual(of(3))
      expect(of(3)).not.toEqual(of(4))
    })
  )
})

describe("grow-sae", () => {
  it.effect("writes an SAE that says from which one it grew", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const sae = yield* saeArtifact(randomSae(1, d_in, narrow))
        const { artifact, metrics } = yield* runStage(growSae, { sae }, { d_sae: wide }, yield* temporaryDirectory)
        const { value } = yield* opened(Sae, artifact)
        expect(metrics).toEqual({ d_sae: wide })
        expect(value.hook).toBe(sae.value.hook)
        expect(value.training).toMatchObject({ grown: sae.value.digest, narrow_latents: narrow, seed: 0 })
        const [before, after] = [yield* sae.value.weights, yield* value.weights]
        expect([...after.threshold!.subarray(0, narrow)]).toEqual([...before.threshold!])
        // Where each latent has a threshold of its own, a new one has the median.
        const sorted = [...before.threshold!].toSorted((a, b) => a - b)
        expect([...after.threshold!.subarray(narrow)]).toEqual(Array.from({ length: wide - narrow }, () => sorted[9]))
      })
    )
  )

  it.effect("refuses a width that is no growth, crosscoders, and GroupMax", () =>
    Effect.scoped(
      Effect.gen(function* () {
        const sae = yield* saeArtifact(randomSae(1, d_in, narrow))
        const fails = (given: typeof sae, d_sae: number) =>
          Effect.gen(function* () {
            return String(yield* Effect.flip(runStage(growSae, { sae: given }, { d_sae }, yield* temporaryDirectory)))
          })
        expect(yield* fails(sae, narrow)).toContain(`it has ${narrow} latents already`)
        const crosscoder = yield* saeArtifact(randomSae(1, d_in, narrow), { rows: "concatenated" })
        expect(yield* fails(crosscoder, wide)).toContain("a crosscoder cannot be grown")
        const groups = {
          ...(yield* sae.value.stored),
          latents: { type: "groupmax", b_enc: new Float32Array(narrow), k: 4 }
        } as const
        expect(grownSae(groups, { d_sae: wide, encoder_norm: 0.1, seed: 0 })).toContain(
          "groupmax latents cannot be grown"
        )
      })
    )
  )
})
