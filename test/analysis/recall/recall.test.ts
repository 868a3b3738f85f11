import * as path from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { fitClassProbe } from "../../../src/analysis/recall/class-probe.ts"
import { headProbe } from "../../../src/analysis/recall/head-probe.ts"
import { purities, rankNeurons } from "../../../src/analysis/recall/neuron-shares.ts"
import { margins, runFacts, told, unembedRows } from "../../../src/analysis/recall/run-facts.ts"
import { Figures } from "../../../src/kinds/figures.ts"
import { Tokens } from "../../../src/kinds/tokens/tokens.ts"
import { loadModel } from "../../../src/model/load-model.ts"
import * as Rng from "../../../src/random/rng.ts"
import evaluateRecall from "../../../stages/evaluate-recall.ts"
import makeFactsStage from "../../../stages/make-facts.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { openCheckpoint } from "../../model/own-golden.ts"
import { randomSae } from "../random-sae.ts"
import { saeArtifact } from "../sae-artifact.ts"
import { d_model, randomGpt2 } from "../../sae/random-gpt2.ts"
import { type Given, opened, runStage } from "../../stage/run-stage.ts"

beforeAll(loadTestEngine)

const golden = path.join(import.meta.dirname, "../../golden/circuit-tracer")

describe("a head by its weights alone", () => {
  it.effect("is the product of its matrices: x LN W_V W_O LN W_U, without scales and biases", () =>
    Effect.gen(function* () {
      const checkpoint = yield* openCheckpoint(golden)
      const model = yield* loadModel(checkpoint)
      const tensors = yield* checkpoint.weights
      const read = (name: string) => tensors.float32(`transformer.${name}`)
      const [d, width, layer, head] = [8, 4, 1, 1]
      const [wte, qkv, out] = [
        yield* read("wte.weight"),
        yield* read(`h.${layer}.attn.c_attn.weight`),
        yield* read(`h.${layer}.attn.c_proj.weight`)
      ]
      const [before, after] = [yield* read(`h.${layer}.ln_1.weight`), yield* read("ln_f.weight")]
      const centred = (x: ReadonlyArray<number>, weight: Float32Array) => {
        const mean = x.reduce((sum, value) => sum + value, 0) / d
        return x.map((value, i) => (value - mean) * weight[i]!)
      }
      const rng = Rng.make(0, "rows")
      const rows = Float32Array.from({ length: 3 * d }, () => rng.normal())
      const attributes = [4, 9, 13]
      const scores = headProbe(
        model,
        {
          count: 3,
          time: 4,
          ids: Int32Array.from([0, 3, 5, 1, 0, 2, 6, 1, 0, 7, 8, 1]),
          name: 2,
          attributes,
          answers: Uint8Array.from([0, 1, 2])
        },
        layer,
        head,
        rows
      )
      for (let r = 0; r < 3; r++) {
        const x = centred(Array.from(rows.subarray(r * d, (r + 1) * d)), before)
        const value = Array.from({ length: width }, (_, j) =>
          x.reduce((sum, xi, i) => sum + xi * qkv[i * 3 * d + 2 * d + head * width + j]!, 0)
        )
        const mixed = Array.from({ length: d }, (_, i) =>
          value.reduce((sum, v, j) => sum + v * out[(head * width + j) * d + i]!, 0)
        )
        const last = centred(mixed, after)
        for (const [a, token] of attributes.entries()) {
          const wanted = last.reduce((sum, value, i) => sum + value * wte[token * d + i]!, 0)
          expect(scores[r * 3 + a]).toBeCloseTo(wanted, 4)
        }
      }
    })
  )
})

describe("what the unembedding reads of the last block", () => {
  it.effect("is what the model says", () =>
    Effect.gen(function* () {
      const model = yield* loadModel(yield* openCheckpoint(golden))
      const facts = { count: 2, time: 4, ids: Int32Array.from([0, 3, 5, 1, 0, 2, 6, 1]), attributes: [4, 9, 13] }
      const last = "blocks.1.hook_resid_post"
      const { scores, rows } = runFacts(model, facts, { read: [[last, 3]] })
      const read = unembedRows(model, rows[`${last}@3`]!, facts.attributes)
      for (const [at, score] of scores.entries()) expect(read[at]).toBeCloseTo(score, 4)
    })
  )
})

describe("figures of recall", () => {
  it("margins, answers told, neurons' ranks and purities are those of a table worked by hand", () => {
    const scores = Float64Array.from([3, 1, 2, 0, 0, 0, 1, 5, 3])
    const answers = Uint8Array.from([0, 1, 2])
    expect([...margins(scores, answers)]).toEqual([1.5, 0, 0])
    // A tie tells nothing.
    expect([...told(scores, answers)]).toEqual([1, 0, 0])
    // Of three neurons the first is one class's, the second both classes', the third never above zero.
    const x = Float32Array.from([1, 1, -1, 1, 2, -1, 0, 1, -1, 0, 2, -1])
    const labels = Uint8Array.from([0, 0, 1, 1])
    expect(rankNeurons(x, 3, labels, 2, [0, 1, 2, 3])[0]).toBe(0)
    expect(purities(x, 3, labels, 2, 2)).toEqual({ purity: [1, 0.5], facts: [2, 4] })
    const probe = fitClassProbe(x, 3, labels, 2, [0, 1, 2, 3])
    expect([...told(probe.scores(x), labels)]).toEqual([1, 1, 1, 1])
  })
})

describe("the stage evaluate-recall", () => {
  it.effect(
    "refuses a model that has not memorised the facts, and names of another length; let pass, it finds nothing",
    () =>
      Effect.gen(function* () {
        const params = { people: 60, first_names: 9, last_names: 9, attributes: ["a", "b"] }
        const { artifact } = yield* runStage(makeFactsStage, {}, params, yield* temporaryDirectory)
        const tokens = yield* opened(Tokens, artifact)
        const model = yield* randomGpt2
        const run = (more: Readonly<Record<string, unknown>>, transcoders: ReadonlyArray<Given> = []) =>
          Effect.flatMap(temporaryDirectory, (directory) =>
            runStage(evaluateRecall, { model, tokens, transcoders }, more, directory)
          )
        const said = (more: Readonly<Record<string, unknown>>) =>
          Effect.map(Effect.flip(run(more)), (error) => String(error))
        expect(yield* said({})).toMatch(/tells \d+\.\d % of the 60 facts .*: it has not memorised them/)
        expect(yield* said({ name_tokens: 3 })).toContain("contexts of 5 tokens hold no name of 3 tokens")
        const open = { least_accuracy: 0, held_out_fraction: 0.5 }
        const { artifact: made, metrics } = yield* run(open)
        const { value } = yield* opened(Figures, made)
        expect(value.tables[0]?.rows).toHaveLength(6)
        expect(value.tables[1]?.rows).toHaveLength(4)
        // Nothing generalises to people that probes were not fitted to: a coin told right 30 times.
        for (const name of ["probe_after", "mechanistic", "all_neurons"]) {
          expect(Math.abs((metrics[name] as number) - 0.5), name).toBeLessThan(0.3)
        }
        // Latents of a transcoder of the block that looks up most, and of no other.
        const ofBlock = (hook: string) => saeArtifact(randomSae(0, d_model, 12), { hook })
        const block = metrics["lookup_layer"] as number
        const strongest = yield* ofBlock(`blocks.${block}.mlp.hook_in`)
        const other = yield* ofBlock(`blocks.${1 - block}.mlp.hook_in`)
        const { metrics: both } = yield* run(open, [other, strongest])
        expect(both["one_neuron"]).toBe(metrics["one_neuron"])
        expect(Math.abs((both["all_latents"] as number) - 0.5)).toBeLessThan(0.3)
        expect(both["latent_purity"]).toBeGreaterThanOrEqual(0.5)
        expect(Math.abs((both["latent_purity"] as number) - (both["latent_purity_control"] as number))).toBeLessThan(
          0.15
        )
        const refused = (transcoder: typeof strongest) => Effect.map(Effect.flip(run(open, [transcoder])), String)
        expect(yield* refused(other)).toContain(
          `block ${block} looks up most, and none of the transcoders is of its MLP`
        )
        expect(yield* refused(yield* ofBlock("blocks.0.hook_resid_post"))).toContain(
          "it is none of an MLP of this model"
        )
      })
  )
})
