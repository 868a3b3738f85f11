import { basename } from "node:path"
import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { beforeAll, describe, expect } from "vitest"
import type { ActivationsHandle } from "../../../src/kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../../src/kinds/language-model/language-model-handle.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import type { SaeHandle } from "../../../src/kinds/sae/sae-handle.ts"
import { Tokens } from "../../../src/kinds/tokens/tokens.ts"
import { loadModel } from "../../../src/model/load-model.ts"
import * as Rng from "../../../src/random/rng.ts"
import { cleanPass, endToEndGradient, type SplicedContexts } from "../../../src/sae/training/end-to-end-gradient.ts"
import { evaluationContexts } from "../../../src/sae/evaluate/evaluation-contexts.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import type { Opened } from "../../../src/stage/input.ts"
import capture from "../../../stages/capture-activations.ts"
import finetune from "../../../stages/finetune-sae.ts"
import train from "../../../stages/train-sae.ts"
import { folderArtifact, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model, randomGpt2, vocabulary, writeTokens } from "../random-gpt2.ts"
import { type Given, opened, runStage } from "../../stage/run-stage.ts"
import { openedActivations } from "../small-text.ts"

beforeAll(loadTestEngine)

const hook = "blocks.1.hook_resid_post"
const time = 16
const contexts = 60

const world = Effect.gen(function* () {
  const rng = Rng.make(2, "ids")
  const ids = Int32Array.from({ length: contexts * time }, (_, i) => (i % time === 0 ? 0 : 1 + rng.int(vocabulary - 1)))
  const documents = Int32Array.from(ids, (_, i) => (i % time === 0 ? -1 : Math.floor(i / 40)))
  const model = yield* randomGpt2
  const tokens = yield* opened(Tokens, folderArtifact(yield* writeTokens(ids, documents, time), "Tokens"))
  const { artifact } = yield* runStage(capture, { model, tokens }, { hook }, yield* temporaryDirectory)
  return { model, activations: yield* openedActivations(artifact) }
})

/** KL divergence and L0 of an SAE on held-out contexts. */
const heldOut = Effect.fnUntraced(function* (
  model: Opened<LanguageModelHandle>,
  activations: Opened<ActivationsHandle>,
  sae: Opened<SaeHandle>
) {
  const { contexts: chosen } = yield* evaluationContexts(activations.value, 64)
  const flat = (name: "spliced" | "counted") =>
    Int32Array.from(
      chosen.flatMap((context, c) =>
        [...context[name].keys()].filter((p) => context[name][p] === 1).map((p) => c * time + p)
      )
    )
  const places: SplicedContexts = {
    ids: Int32Array.from(chosen.flatMap(({ ids }) => [...ids])),
    batch: chosen.length,
    time,
    spliced: flat("spliced"),
    counted: flat("counted")
  }
  const runnable = yield* loadModel(model.value)
  const tensors = makeSaeModel(yield* sae.value.weights)
  const clean = cleanPass(runnable, hook, places)
  const codes = tensors.encode(clean.rows)
  const { value } = endToEndGradient(runnable, hook, places, clean, tensors.decode(codes), "kl")
  tensors.dispose()
  return { kl: value, l0: codes.latent.length / places.spliced.length }
})

describe("end to end", () => {
  it.effect("the gradient by the output is that of finite differences, for both objectives", () =>
    Effect.gen(function* () {
      const { model } = yield* world
      const runnable = yield* loadModel(model.value)
      const ids = Int32Array.from({ length: 2 * time }, (_, i) => (i * 7) % vocabulary)
      const places: SplicedContexts = {
        ids,
        batch: 2,
        time,
        spliced: Int32Array.of(1, 2, 3, 20, 21),
        counted: Int32Array.of(2, 3, 5, 21)
      }
      const clean = cleanPass(runnable, hook, places)
      const rng = Rng.make(5, "moved")
      const start = (clean.rows.arraySync() as Array<Array<number>>).map((row) => row.map((x) => x + rng.normal()))
      for (const objective of ["kl", "ce"] as const) {
        const valueAt = (rows: ReadonlyArray<ReadonlyArray<number>>): number => {
          const output = tf.tensor2d(rows.map((row) => [...row]))
          const { value, gradient } = endToEndGradient(runnable, hook, places, clean, output, objective)
          tf.dispose([output, gradient])
          return value
        }
        const before = tf.memory().numTensors
        const output = tf.tensor2d(start)
        const { value, gradient } = endToEndGradient(runnable, hook, places, clean, output, objective)
        output.dispose()
        const slopes = gradient.arraySync() as Array<Array<number>>
        gradient.dispose()
        expect(tf.memory().numTensors).toBe(before)
        expect(value).toBeGreaterThan(0)
        const direction = start.map((row) => row.map(() => rng.normal()))
        const along = slopes.reduce(
          (sum, row, i) =>
            sum + row.reduce((part, g, c) => part + g * ((direction[i] as Array<number>)[c] as number), 0),
          0
        )
        const moved = (h: number) =>
          start.map((row, i) => row.map((x, c) => x + h * ((direction[i] as Array<number>)[c] as number)))
        const difference = (valueAt(moved(2e-3)) - valueAt(moved(-2e-3))) / 4e-3
        expect(Math.abs(difference - along)).toBeLessThan(0.02 * Math.abs(along) + 1e-4)
      }
      // The model's own activations in their own place: nothing diverges.
      const { value, gradient } = endToEndGradient(runnable, hook, places, clean, clean.rows, "kl")
      expect(Math.abs(value)).toBeLessThan(1e-5)
      tf.dispose([clean.rows, clean.activation, clean.logs, gradient])
    })
  )

  for (const architecture of ["batch_topk", "jumprelu"] as const) {
    it.effect(`${architecture}: the divergence on held-out text falls`, () =>
      Effect.gen(function* () {
        const { model, activations } = yield* world
        const small = { architecture, d_sae: 24, k: 3, steps: 60, batch_rows: 128, lr: 3e-3 }
        const { artifact } = yield* runStage(train, { activations }, small, yield* temporaryDirectory)
        const sae = yield* opened(Sae, artifact)
        const given = { steps: 60, contexts: 12, lr: 3e-3 }
        const inputs = { sae, activations, model }
        const tuned = yield* runStage(finetune, inputs, given, yield* temporaryDirectory)
        expect(tuned.metrics["loss"]).toBeLessThan(0.9 * (tuned.metrics["loss_before"] as number))
        const after = yield* opened(Sae, tuned.artifact)
        expect(after.value).toMatchObject({ architecture, d_in: d_model, d_sae: 24, k: sae.value.k, hook })
        const [before, later] = [yield* heldOut(model, activations, sae), yield* heldOut(model, activations, after)]
        expect(later.kl).toBeLessThan(0.95 * before.kl)
        expect(Math.abs(later.l0 - before.l0)).toBeLessThan(1.5)
      })
    )
  }

  it.effect("is refused for an architecture with several reconstructions, and for another model", () =>
    Effect.gen(function* () {
      const { model, activations } = yield* world
      const small = { architecture: "gated", d_sae: 24, steps: 3, batch_rows: 128, sparsity_coefficient: 0.1 }
      const { artifact } = yield* runStage(train, { activations }, small, yield* temporaryDirectory)
      const sae = yield* opened(Sae, artifact)
      const run = (other: Given, params = {}) =>
        Effect.gen(function* () {
          const failure = yield* Effect.flip(
            runStage(finetune, { sae, activations, model: other }, params, yield* temporaryDirectory)
          )
          return failure.message
        })
      expect(yield* run(model, { architecture: "standard" })).toBe(
        "init has gated latents, and architecture standard has relu ones"
      )
      expect(yield* run(model)).toContain("gated cannot be trained end to end: its loss has several reconstructions")
      const another = { ...model, artifact: { ...model.artifact, digest: "another" } }
      expect(yield* run(another)).toContain("the model given is ")
    })
  )

  it("has in its key the code of the architecture that is named, or of all that it may be", () => {
    const defaults = Object.fromEntries(Object.entries(finetune.params).map(([name, param]) => [name, param.default]))
    const filesOf = (architecture: string | null) =>
      Result.getOrThrow(finetune.decode({ ...(defaults as {}), architecture }, {})).code.map((file) => basename(file))
    expect(filesOf("batch_topk")).toEqual(["batch-topk.ts"])
    expect(filesOf(null)).toContain("topk.ts")
    expect(filesOf(null)).not.toContain("gated.ts")
  })
})
