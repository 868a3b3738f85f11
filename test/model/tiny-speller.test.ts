import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it } from "vitest"
import { readLanguageModel } from "../../src/kinds/language-model/read-language-model.ts"
import { firstLetterPrompts } from "../../src/text/first-letter/first-letter-prompts.ts"
import { firstLetterFigures } from "../../src/model/evaluate/first-letter-figures.ts"
import { letterProbe } from "../../src/model/evaluate/letter-probe.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import { loadModel } from "../../src/model/load-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { builtinFiles } from "../../src/source/builtin/builtin-source.ts"
import { spellerCorpus } from "../../src/text/speller-corpus.ts"
import { makeTokenizer } from "../../src/text/tokenizer.ts"
import { loadTestEngine } from "../engine.ts"

const folder = path.join(import.meta.dirname, "../../models/tiny-speller")

describe("the embedded model", () => {
  beforeAll(loadTestEngine)

  it("is below 8 MB", () => {
    const size = (name: string): number => fs.statSync(path.join(folder, name)).size
    expect(size("model.safetensors") + size("tokenizer.json")).toBeLessThan(8e6)
  })

  it("answers the first letter of drilled words", () =>
    Effect.gen(function* () {
      const handle = yield* readLanguageModel(yield* filesArtifact("LanguageModel", yield* folderFiles(folder)))
      const model = yield* loadModel(handle)
      const tokenizer = makeTokenizer(yield* handle.tokenizer)
      const files = builtinFiles("text", "speller-text") ?? []
      const { words, roles } = spellerCorpus(
        files
          .filter(({ name }) => name.startsWith("subtlex/"))
          .map(({ name, path: file }) => ({ name, text: fs.readFileSync(file, "utf8") }))
      )
      const drilled = words.filter((word) => roles.get(word) === "drilled")
      const asked = drilled.filter((_, i) => i % 12 === 0)
      const prompts = firstLetterPrompts({
        words: asked,
        exampleWords: drilled,
        examples: 10,
        seed: 1,
        encode: tokenizer.encode,
        bos: model.info.bos
      })
      const { accuracy } = firstLetterFigures(model, prompts, [])
      expect(asked.length).toBeGreaterThanOrEqual(200)
      expect(accuracy).toBeGreaterThanOrEqual(0.95)
    }).pipe(Effect.scoped, Effect.runPromise))
})

describe("the letter probe", () => {
  beforeAll(loadTestEngine)

  it("finds classes that lie apart, and not those that do not", () => {
    const rng = Rng.make(4, "probe")
    const labels = Array.from({ length: 400 }, (_, i) => i % 4)
    const isTest = labels.map((_, i) => i % 5 === 0)
    const rows = (distance: number): Float32Array =>
      Float32Array.from(
        { length: 400 * 6 },
        (_, j) => rng.normal() + (labels[Math.floor(j / 6)] === j % 6 ? distance : 0)
      )
    const apart = letterProbe(rows(8), 6, labels, isTest)
    expect(apart.accuracy).toBe(1)
    expect(apart.f1.slice(0, 4)).toEqual([1, 1, 1, 1])
    expect(apart.f1[4]).toBeUndefined()
    expect(letterProbe(rows(0), 6, labels, isTest).accuracy).toBeLessThan(0.5)
  })

  it("gives the share of variance between classes: here 16/20, by hand", () => {
    // Rows -1, 1 and 3, 5: means 0 and 4 around 2, so 4 x 2^2 = 16 between and 4 x 1^2 = 4 within.
    const { share } = letterProbe(Float32Array.from([-1, 1, 3, 5]), 1, [0, 0, 1, 1], [true, false, true, false])
    expect(share).toBeCloseTo(16 / 20, 6)
  })
})
