import { existsSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it } from "vitest"
import { letterAbsorption, type LetterAbsorption } from "../../../src/analysis/absorption/letter-absorption.ts"
import { paperThresholds } from "../../../src/analysis/absorption/ablation-verdict.ts"
import type { WordRows } from "../../../src/analysis/absorption/absorption-split.ts"
import { saeBenchThresholds } from "../../../src/analysis/absorption/word-absorption.ts"
import { encodeLatents } from "../../../src/analysis/latent-codes.ts"
import { openSafetensors } from "../../../src/format/safetensors.ts"
import { bytesFile } from "../../../src/artifact/bytes-file.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { folderArtifact } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { foldersIn } from "../../golden/golden-folders.ts"

const folder = join(process.env["CASES_DIR"] ?? join(import.meta.dirname, "../../../../shared/cases"), "absorption")

interface Figures {
  readonly fraction: number
  readonly full: number
  readonly splits: number
  readonly k1_f1: number
}

const expectedOf = (place: string): { readonly converged: Figures; readonly tolerance: number } => {
  const text = JSON.parse(readFileSync(join(place, "expected.json"), "utf8")) as {
    readonly expected: { readonly "2000 steps": Figures }
    readonly tolerance: number
  }
  return { converged: text.expected["2000 steps"], tolerance: text.tolerance }
}

const wordsOf = (place: string) =>
  Effect.gen(function* () {
    const tensors = yield* openSafetensors(
      bytesFile(new Uint8Array(readFileSync(join(place, "words.safetensors")))),
      "words.safetensors"
    )
    const sae = yield* Sae.open(folderArtifact(place, "Sae"))
    const weights = yield* sae.weights
    const x = yield* tensors.float32("x")
    const letters = Uint8Array.from(new Int32Array((yield* tensors.bytes("letter")).buffer))
    const model = makeSaeModel(weights)
    const codes = encodeLatents(x, model)
    model.dispose()
    return {
      classes: [..."abcdefghijklmnopqrstuvwxyz"],
      words: Array.from(letters, (_, n) => `word ${n}`),
      letters,
      x,
      codes,
      W_dec: weights.W_dec
    }
  })

const settings = {
  ...saeBenchThresholds,
  ...paperThresholds,
  ablated_words: 200,
  c: 1,
  min_probe_f1: 0.8,
  max_k: 10,
  f1_jump: 0.03,
  splits: 5,
  seed: 0,
  as_saebench: false,
  selection_tolerance: 1e-6
}

const figures = (result: LetterAbsorption): Figures => ({
  fraction: result.mean_absorption_fraction,
  full: result.mean_full_absorption,
  splits: result.mean_split_latents,
  k1_f1: result.mean_k1_f1
})

describe.skipIf(!existsSync(folder))("the selection of a letter's latents", () => {
  beforeAll(loadTestEngine)

  for (const place of foldersIn(folder)) {
    describe(basename(place), () => {
      let data: WordRows
      /** On one split, by the first seed: what the other ways to select are compared with. */
      let own: Figures
      beforeAll(async () => {
        data = await Effect.runPromise(Effect.scoped(wordsOf(place)))
        own = figures(letterAbsorption(data, { ...settings, splits: 1 }))
      })

      it("converges, to the figures of a solver that was run to its end", () => {
        // Over the choice of test words the fraction has a standard deviation of 0.02: the mean of two choices is compared.
        const results = [0, 1].map((seed) => letterAbsorption(data, { ...settings, splits: 3, seed }))
        for (const { selection_gap } of results) expect(selection_gap).toBeLessThanOrEqual(settings.selection_tolerance)
        const { converged, tolerance } = expectedOf(place)
        for (const name of ["fraction", "full", "k1_f1"] as const) {
          const found = results.reduce((sum, result) => sum + figures(result)[name] / results.length, 0)
          expect(Math.abs(found - converged[name]), `${name}: ${found}`).toBeLessThan(tolerance)
        }
      })

      it("is the same whether it ends at a gap of 1e-4 or of 1e-6", () => {
        const rough = figures(letterAbsorption(data, { ...settings, splits: 1, selection_tolerance: 1e-4 }))
        expect(rough.fraction).toBeCloseTo(own.fraction, 2)
        expect(rough.k1_f1).toBeCloseTo(own.k1_f1, 2)
      })

      it("is another one with SAEBench's 50 steps, which bound nothing", () => {
        const result = letterAbsorption(data, { ...settings, splits: 1, as_saebench: true })
        expect(result.selection_gap).toBeNull()
        expect(result.mean_k1_f1).toBeLessThan(own.k1_f1)
      })
    })
  }
})
