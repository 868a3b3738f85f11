import { readFileSync } from "node:fs"
import * as path from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { beforeAll, describe, expect } from "vitest"
import { chosenLatents, learnMask } from "../../../src/analysis/ravel/binary-mask.ts"
import { drawPairs, type EntityPair, type KnownPrompt } from "../../../src/analysis/ravel/entity-pairs.ts"
import { readEntityPrompts } from "../../../src/analysis/ravel/entity-prompts.ts"
import { knownPrompts } from "../../../src/analysis/ravel/known-prompts.ts"
import { learnSubspace, randomSubspace, subspaceGradient } from "../../../src/analysis/ravel/learnt-subspace.ts"
import { entityRows } from "../../../src/analysis/ravel/prompt-runs.ts"
import { disentanglement, meanScores, swapScores } from "../../../src/analysis/ravel/ravel-figures.ts"
import { swapSays, type SwapSetting } from "../../../src/analysis/ravel/swapped-rows.ts"
import { tellsLabel } from "../../../src/analysis/ravel/tells-label.ts"
import { Entities, type EntitiesFile } from "../../../src/kinds/entities.ts"
import { LanguageModel } from "../../../src/kinds/language-model/language-model.ts"
import { filesArtifact, folderFiles } from "../../../src/model/files-artifact.ts"
import { loadModel } from "../../../src/model/load-model.ts"
import * as Rng from "../../../src/random/rng.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { openTokenizer } from "../../../src/text/open-tokenizer.ts"
import evaluateRavel from "../../../stages/evaluate-ravel.ts"
import loadEntities from "../../../stages/load-entities.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { openCheckpoint } from "../../model/own-golden.ts"
import { opened, runStage, type StageOptions } from "../../stage/run-stage.ts"
import { stoppedCheckpoint } from "../../stage/stopped-checkpoint.ts"
import { saeArtifact } from "../sae-artifact.ts"

beforeAll(loadTestEngine)

const folder = path.join(import.meta.dirname, "golden")

interface Golden {
  readonly entities: EntitiesFile
  readonly hook: string
  readonly sae: {
    readonly d_in: number
    readonly d_sae: number
    readonly W_enc: Array<number>
    readonly W_dec: Array<number>
  }
  readonly train: ReadonlyArray<{ readonly base: number; readonly source: number; readonly cause: boolean }>
  readonly test: Golden["train"]
  readonly batch: number
  readonly epochs: number
  readonly lr: number
  readonly mask: ReadonlyArray<number>
  readonly cause: number
  readonly isolation: number
}
const golden = JSON.parse(readFileSync(path.join(folder, "saebench.json"), "utf8")) as Golden

const rectified = { activation: { type: "relu" }, apply_b_dec_to_input: false, threshold: undefined } as const

const answering = Effect.gen(function* () {
  const handle = yield* openCheckpoint(folder)
  const model = yield* loadModel(handle)
  const tokenizer = yield* openTokenizer(handle.tokenizer)
  const prompts = yield* readEntityPrompts(
    { ...golden.entities, digest: "" },
    tokenizer,
    { n_ctx: model.info.n_ctx, bos: undefined },
    1
  )
  const { sae: given } = golden
  const sae = yield* Effect.acquireRelease(
    Effect.sync(() =>
      makeSaeModel({
        d_in: given.d_in,
        d_sae: given.d_sae,
        W_enc: Float32Array.from(given.W_enc),
        W_dec: Float32Array.from(given.W_dec),
        b_enc: new Float32Array(given.d_sae),
        b_dec: new Float32Array(given.d_in),
        ...rectified
      })
    ),
    (made) => Effect.sync(made.dispose)
  )
  const said = { tokens: 1, decode: tokenizer.decode }
  const setting: SwapSetting = {
    model,
    sae,
    hook: golden.hook,
    rows: entityRows(model, golden.hook, prompts, golden.batch),
    keep_error: false,
    batch: golden.batch
  }
  const known = new Map(
    Effect.runSync(knownPrompts(model, prompts, golden.batch, said)).map((prompt) => [prompt.row, prompt])
  )
  const pairs = (of: Golden["train"]): ReadonlyArray<EntityPair> =>
    of.map(({ base, source, cause }) => ({ base: known.get(base)!, source: known.get(source)!, cause }))
  return { setting, said, train: pairs(golden.train), test: pairs(golden.test) }
})

const whole = new Int32Array(golden.entities.entities.length).fill(1)

describe("RAVEL beside SAEBench's own code", () => {
  it.effect("learns the mask that its MDBM learns, and has its cause and isolation scores", () =>
    Effect.gen(function* () {
      const { setting, said, train, test } = yield* answering
      const learning = learnMask(setting, train, golden)
      let step = learning.next()
      while (step.done !== true) step = learning.next()
      for (const [latent, logit] of golden.mask.entries()) expect(step.value[latent]).toBeCloseTo(logit, 3)
      const chosen = chosenLatents(step.value)
      expect(chosen).toEqual(chosenLatents(Float64Array.from(golden.mask)))
      const scores = swapScores(test, swapSays(setting, test, new Set(chosen), said))(whole)
      expect(scores.cause).toBeCloseTo(golden.cause, 6)
      expect(scores.isolation).toBeCloseTo(golden.isolation, 6)
    })
  )

  it.effect(
    "changes every answer where the whole activation is swapped, and none where nothing is and the error stays",
    () =>
      Effect.gen(function* () {
        const { setting, said, test } = yield* answering
        const scores = (swap: Parameters<typeof swapSays>[2]) =>
          swapScores(test, swapSays({ ...setting, keep_error: true }, test, swap, said))(whole)
        expect(scores("row")).toEqual({ cause: 1, isolation: 0 })
        expect(scores(new Set())).toEqual({ cause: 0, isolation: 1 })
      })
  )
})

describe("a learnt subspace", () => {
  it.effect(
    "has the gradient that its loss has, is the whole row where it has all dimensions, and parts what can be parted",
    () =>
      Effect.gen(function* () {
        const { setting, said, train, test } = yield* answering
        const d = setting.sae.d_in
        const rng = Rng.make(0, "a subspace")
        const begin = randomSubspace(d, 3, rng)
        const along = Array.from(begin.basis, () => rng.normal())
        const { gradient } = subspaceGradient(setting, train, begin)
        // Differences of the loss itself, for a basis that is none: nothing in it needs one.
        const moved = (by: number) =>
          subspaceGradient(setting, train, {
            dimensions: 3,
            basis: begin.basis.map((value, n) => value + by * along[n]!)
          }).loss
        const slope = (moved(1e-2) - moved(-1e-2)) / 2e-2
        const told = gradient.reduce((sum, value, n) => sum + value * along[n]!, 0)
        expect(Math.abs(slope)).toBeGreaterThan(0.1)
        expect(Math.abs(told / slope - 1)).toBeLessThan(0.01)

        const scores = (swap: Parameters<typeof swapSays>[2]) =>
          swapScores(test, swapSays(setting, test, swap, said))(whole)
        expect(scores(randomSubspace(d, d, rng))).toEqual(scores("row"))
        const learning = learnSubspace(setting, train, begin, { epochs: 3, lr: 0.02 })
        let step = learning.next()
        while (step.done !== true) step = learning.next()
        const { basis } = step.value
        for (const [a, b] of [
          [0, 0],
          [0, 1],
          [1, 2]
        ] as const) {
          const product = basis
            .subarray(a * d, (a + 1) * d)
            .reduce((sum, value, i) => sum + value * basis[b * d + i]!, 0)
          expect(product).toBeCloseTo(a === b ? 1 : 0, 6)
        }
        expect(disentanglement(scores(begin))).toBeLessThan(0.7)
        expect(disentanglement(scores(step.value))).toBeGreaterThan(0.95)
      })
  )
})

describe("a label in a completion", () => {
  it("is told whatever the case and quotes, is not the beginning of another word, and waits for what decides", () => {
    const cases: ReadonlyArray<readonly [string, string, boolean, boolean | undefined]> = [
      [" France", "France", true, true],
      [" France", "France", false, undefined],
      [" france, which", "France", false, true],
      [' "France"', "France", true, true],
      [" Nigeria.", "Niger", false, false],
      [" the United", "United States", false, undefined],
      [" the United States.", "United States", false, true],
      [" th", "United States", false, undefined],
      [" Spain", "France", false, false],
      ["", "France", true, false]
    ]
    for (const [completion, label, ended, told] of cases) {
      expect(tellsLabel(completion, label, ended), `${completion} | ${label}`).toBe(told)
    }
  })
})

describe("pairs and their scores", () => {
  const prompt = (entity: number, attribute: string, label: string): KnownPrompt => ({
    entity,
    attribute,
    label,
    ids: new Int32Array(2),
    place: 1,
    row: 0,
    first: 0
  })
  it("swap between different answers, as many of the attribute as of the others", () => {
    const attributes = ["a", "b", "c"]
    const known = attributes.flatMap((name) => Array.from({ length: 9 }, (_, n) => prompt(n, name, `${name}${n % 3}`)))
    const pairs = drawPairs(known, attributes, "b", 31, Rng.make(0, "pairs"))
    expect(pairs.filter(({ cause }) => cause)).toHaveLength(31)
    expect(pairs.filter(({ cause }) => !cause)).toHaveLength(31)
    for (const { base, source, cause } of pairs) {
      expect(base.label).not.toBe(source.label)
      expect([base.attribute === "b", source.attribute]).toEqual([cause, base.attribute])
    }
  })
  it("are those of a table worked by hand, entities drawn with their weights", () => {
    const pair = (entity: number, cause: boolean): EntityPair => ({
      base: prompt(entity, "a", "x"),
      source: prompt(9, "a", "y"),
      cause
    })
    const scores = swapScores([pair(0, true), pair(1, true), pair(0, false), pair(1, false)], [1, 0, 0, 1])
    expect(scores([3, 1])).toEqual({ cause: 0.75, isolation: 0.25 })
    expect(disentanglement({ cause: 0.75, isolation: 0.25 })).toBe(0.5)
    expect(meanScores([scores([3, 1]), scores([1, 1])])).toEqual({ cause: 0.625, isolation: 0.375 })
  })
})

describe("the stage evaluate-ravel", () => {
  it.effect("measures with its controls, and refuses a model that does not know the entities", () =>
    Effect.gen(function* () {
      const files = yield* folderFiles(folder)
      const model = yield* opened(LanguageModel, yield* filesArtifact("LanguageModel", files))
      const { d_in, d_sae, W_enc, W_dec } = golden.sae
      const sae = yield* saeArtifact({
        d_in,
        d_sae,
        W_enc: Float32Array.from(W_enc),
        W_dec: Float32Array.from(W_dec),
        b_enc: new Float32Array(d_sae),
        b_dec: new Float32Array(d_in),
        ...rectified
      })
      const run = (entities: EntitiesFile, options: StageOptions = {}) =>
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          yield* folderWriter(directory).writeJson("entities.json", entities)
          return yield* runStage(
            evaluateRavel,
            { model, sae, entities: yield* opened(Entities, folderArtifact(directory, "Entities")) },
            {
              pairs: 48,
              test_pairs: 48,
              held_out_fraction: 0.5,
              generated_tokens: 1,
              lr: 0.02,
              batch: 16,
              subspace: 2
            },
            yield* temporaryDirectory,
            options
          )
        })
      const { metrics, artifact } = yield* run(golden.entities)
      expect(metrics).toMatchObject({ accuracy: 1, entities: 12, whole_cause: 1, whole_isolation: 0, none_cause: 0 })
      expect(metrics["cause_score"]).toBeGreaterThan(metrics["random_cause"] as number)
      // Stopped twice, among the prompts and after the first attribute's mask, it ends with the same bytes.
      const stops = path.join(yield* temporaryDirectory, "stops")
      for (const stopAfter of [3, 6]) {
        const { checkpoint } = stoppedCheckpoint(stops, stopAfter)
        expect(Exit.hasInterrupts(yield* Effect.exit(run(golden.entities, { checkpoint })))).toBe(true)
      }
      const { checkpoint, saves } = stoppedCheckpoint(stops, Infinity)
      const resumed = yield* run(golden.entities, { checkpoint })
      expect(resumed.artifact.digest).toBe(artifact.digest)
      expect(resumed.metrics).toEqual(metrics)
      // 5 passes over the 72 prompts; of two attributes a mask, its four measurements, a subspace and its two.
      expect(saves()).toBe(5 + 2 * 8 - 9)
      const others = golden.entities.entities.map(({ attributes }) => attributes)
      const wrong = golden.entities.entities.map(({ name }, n) => ({
        name,
        attributes: { ...others[n], country: "x" }
      }))
      expect(String(yield* Effect.flip(run({ ...golden.entities, entities: wrong })))).toContain(
        "of the other entities the model knows country of 0"
      )
      const unknown = wrong.map(({ name }) => ({ name, attributes: { country: "x", language: "y" } }))
      expect(String(yield* Effect.flip(run({ ...golden.entities, entities: unknown })))).toMatch(
        /answers 0.0 % of 72 prompts about entity right.*does not know them/
      )
    })
  )
})

describe("entities", () => {
  it.effect("are read from RAVEL's JSON files, and refused by name where something is missing", () =>
    Effect.gen(function* () {
      const models = path.join(import.meta.dirname, "../../../models/entities")
      const file = (name: string) => ({ name, path: path.join(models, name), sha256: "" })
      const source = { uri: "builtin:entities", name: "builtin:entities", digest: "", files: [] }
      const read = (params: Readonly<Record<string, unknown>>) =>
        Effect.flatMap(temporaryDirectory, (directory) =>
          runStage(loadEntities, {}, params, directory, { sources: { source: { ...source, files } } })
        )
      const { createHash } = yield* Effect.promise(() => import("node:crypto"))
      const files = ["ravel_city_entity_attributes.json", "ravel_city_attribute_to_prompts.json"].map((name) => ({
        ...file(name),
        sha256: createHash("sha256")
          .update(readFileSync(path.join(models, name)))
          .digest("hex")
      }))
      const { artifact } = yield* read({})
      const { value } = yield* opened(Entities, artifact)
      expect(value.entities.find(({ name }) => name === "Paris")?.attributes).toEqual({
        Country: "France",
        Continent: "Europe",
        Language: "French"
      })
      const said = (params: Readonly<Record<string, unknown>>) =>
        Effect.map(Effect.flip(read(params)), (error) => String(error))
      expect(yield* said({ entity_type: "verb" })).toContain("has no ravel_verb_entity_attributes.json")
      expect(yield* said({ attributes: ["Country", "Mayor"] })).toContain('no prompts for "Mayor"')
    })
  )
})
