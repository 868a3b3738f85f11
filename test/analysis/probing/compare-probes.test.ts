import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Figures } from "../../../src/kinds/figures.ts"
import { Probing, type ProbingFile, probingFileName } from "../../../src/kinds/probing.ts"
import compareProbes from "../../../stages/compare-probes.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { opened, runStage } from "../../stage/run-stage.ts"

/** Probes of one and of two numbers of a block's activation, with these F1. */
const probes = Effect.fnUntraced(function* (layer: number, [one, two]: readonly [number, number], model = "a") {
  const probe = (k: number, f1: number) => ({
    features: "basis" as const,
    k,
    auc: f1,
    accuracy: f1,
    f1,
    chosen: [],
    weights: [],
    c: 1
  })
  const file: ProbingFile = {
    format: 1,
    sae: `sae ${layer}`,
    model,
    hook: `blocks.${layer}.mlp.hook_post`,
    d_sae: 8,
    ranking: "mean_difference",
    documents: { train: 6, test: 4 },
    tasks: [{ name: "French", train: 80, test: 64, probes: [probe(1, one), probe(2, two)], intervals: {} }],
    means: { f1_basis_k1: one, f1_basis_k2: two, f1_shuffled_k1: 0.6, f1_shuffled_basis_k1: 0.5 },
    intervals: { f1_basis_k1: { low: one - 0.1, high: one + 0.1 } },
    left_out: []
  }
  const directory = yield* temporaryDirectory
  yield* folderWriter(directory).writeJson(probingFileName, file)
  return yield* opened(Probing, folderArtifact(directory, "Probing"))
})

const run = (inputs: Parameters<typeof runStage>[1]) =>
  Effect.flatMap(temporaryDirectory, (directory) => runStage(compareProbes, inputs, {}, directory))

it.effect(
  "the block whose one number tells most is found among layers in any order, and its control is of that block",
  () =>
    Effect.gen(function* () {
      const probings = [yield* probes(12, [0.7, 0.9]), yield* probes(0, [0.5, 0.9]), yield* probes(6, [0.8, 0.85])]
      const controls = [yield* probes(0, [0.51, 0.6], "b"), yield* probes(6, [0.52, 0.6], "b")]
      const { artifact, metrics } = yield* run({ probings, controls })
      const told = [
        "best_layer",
        "best_f1",
        "best_f1_low",
        "most_f1",
        "first_f1",
        "shuffled_f1",
        "control_f1",
        "layers"
      ]
      assert.deepEqual(
        told.map((name) => metrics[name]),
        [6, 0.8, 0.8 - 0.1, 0.85, 0.5, 0.5, 0.52, 3]
      )
      const { value } = yield* opened(Figures, artifact)
      assert.deepEqual(
        value.charts[0]!.series[0]!.points.map(({ x, y }) => [x, y]),
        [
          [0, 0.5],
          [6, 0.8],
          [12, 0.7]
        ]
      )
      assert.deepEqual(value.tables[0]!.rows, [["French", 0.5, 0.9, 0.8, 0.85, 0.7, 0.9]])
    })
)

it.effect("probes of one block twice, or of several models, are refused by name", () =>
  Effect.gen(function* () {
    const one = yield* probes(3, [0.5, 0.5])
    const said = (other: typeof one) => Effect.map(Effect.flip(run({ probings: [one, other] })), String)
    assert.include(yield* said(yield* probes(3, [0.6, 0.6])), "two of the probes are of block 3")
    assert.include(yield* said(yield* probes(4, [0.6, 0.6], "b")), "the probes are of several models")
    const latents = Effect.flatMap(temporaryDirectory, (folder) =>
      runStage(compareProbes, { probings: [one], controls: [] }, { of: "latents" }, folder)
    )
    assert.include(String(yield* Effect.flip(latents)), "block 3 has no probes of 1 of its latents")
  })
)
