import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { assert, beforeAll, describe, expect, it } from "vitest"
import { openRowSetWriter, writeActivationsInfo } from "../../../src/kinds/activations/write-activations.ts"
import { Figures } from "../../../src/kinds/figures.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import type { SaeInfo, SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import { Stitching } from "../../../src/kinds/stitching.ts"
import { openTokensWriter } from "../../../src/kinds/tokens/write-tokens.ts"
import mergeSaes from "../../../stages/merge-saes.ts"
import stitchFamily from "../../../stages/stitch-family.ts"
import stitchSaes from "../../../stages/stitch-saes.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { runStage } from "../../stage/run-stage.ts"
import { saeArtifact } from "../sae-artifact.ts"
import { denseMse, randomRows, randomSae } from "../random-sae.ts"
import { joinedEnds } from "../../kinds/tokens/joined-ends.ts"
import { openedActivations } from "../../sae/small-text.ts"

beforeAll(loadTestEngine)

const hook = "blocks.0.hook_resid_post"
const d = 8

/** An Activations artifact of random rows, all of them held out as well as trained on: only the MSE matters here. */
const activations = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const x = randomRows(8, 300, d)
  const output = folderWriter(directory)
  const columns = {
    activation: x,
    norm: new Float32Array(300),
    document: new Int32Array(300),
    position: Int32Array.from({ length: 300 }, (_, r) => r),
    token: new Int32Array(300)
  }
  const write = Effect.fnUntraced(function* (path: string) {
    const writer = yield* openRowSetWriter(output, { path, d_in: d, dtype: "f32", metadata: {}, materialize: true })
    yield* writer.append(columns, 0, 300)
    return yield* writer.finish
  })
  yield* writeActivationsInfo(
    output,
    {
      hook,
      d_in: d,
      dtype: "f32",
      model: "",
      tokens: "",
      context_size: 300,
      mask: { drop_bos: true, outlier_factor: null, median_contexts: 0, hooks: [] },
      split: { by: "contexts", held_out_fraction: 0.5, seed: 0, held_out_documents: [], first_held_out_context: 0 },
      order: { by: "tokens" }
    },
    {
      train: yield* write("train.arrow"),
      held_out: yield* write("held_out.arrow"),
      norm: { rows: 0, mean: 0, root_mean_square: 0, min: 0, max: 0, quantiles: {} },
      outliers: 0,
      materialized: true
    }
  )
  const tokens = yield* openTokensWriter(folderWriter(directory), {
    context_size: 300,
    vocab_size: 1,
    bos_id: null,
    packing: joinedEnds(null),
    tokenizer: "",
    source: "file:none"
  })
  yield* tokens.append({ ids: new Int32Array(300), documents: new Int32Array(300) })
  yield* tokens.finish(["none"])
  return yield* openedActivations(folderArtifact(directory, "Activations"))
})

const stitch = Effect.fnUntraced(function* (
  small: SaeWeights,
  large: SaeWeights,
  params = {},
  info: Partial<SaeInfo> = {}
) {
  const inputs = {
    small: yield* saeArtifact(small, { model: "a" }),
    large: yield* saeArtifact(large, { hook, ...info }),
    activations: yield* activations
  }
  const { metrics, artifact } = yield* runStage(stitchSaes, inputs, params, yield* temporaryDirectory)
  return { metrics, file: yield* Stitching.open(artifact) }
})

/** A family of three, and what merging the ends at the middle's size makes. */
const family = Effect.fnUntraced(function* (sizes: ReadonlyArray<number>) {
  const given = yield* Effect.forEach(sizes, (size, n) => saeArtifact(randomSae(n + 1, d, size), { hook }))
  const [base, , last] = given
  const read = yield* activations
  const merged = yield* runStage(
    mergeSaes,
    { base: base!, others: [last!], activations: read },
    { size: sizes[1]! },
    yield* temporaryDirectory
  )
  const beside = { at: {}, artifact: merged.artifact, value: yield* Sae.open(merged.artifact) }
  const inputs = { saes: given, merged: [beside], activations: read, model: undefined }
  const { metrics, artifact } = yield* runStage(stitchFamily, inputs, { points: 2 }, yield* temporaryDirectory)
  return { merged, metrics, figures: yield* Figures.open(artifact) }
})

const run = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect))

describe("the stage stitch-saes", () => {
  const [small, large] = [randomSae(1, d, 5), randomSae(2, d, 14)]
  const x = randomRows(8, 300, d)

  it("writes a path from the small SAE's MSE to the large one's, with its figures in the metrics", async () => {
    const { file, metrics } = await run(stitch(small, large))
    const [first, last] = [file.path[0]!, file.path.at(-1)!]
    assert.approximately(first.mse / denseMse(x, small), 1, 1e-4)
    assert.approximately(last.mse / denseMse(x, large), 1, 1e-4)
    expect([first.latents, last.latents]).toEqual([5, 14])
    expect(file.latents.delta_mse).toHaveLength(14)
    expect(file.counts.novel).toBe(file.latents.delta_mse.filter((change) => change < 0).length)
    expect(metrics["novel_fraction"]).toBe(file.counts.novel / 14)
    const rising = file.path.filter((step, n) => n > 0 && step.mse > file.path[n - 1]!.mse)
    expect(file.counts.rising_steps).toBe(rising.length)
    expect(file.rows).toBe(300)
  })

  it("gives a TopK SAE a threshold and says which, and leaves the other as it is", async () => {
    const { file } = await run(stitch({ ...small, activation: { type: "topk", k: 2 }, threshold: undefined }, large))
    expect(file.options.large_topk_threshold).toBeNull()
    expect(file.options.small_topk_threshold).toBeGreaterThan(0)
    const converted = { ...small, threshold: new Float32Array(5).fill(file.options.small_topk_threshold!) }
    assert.approximately(file.small.mse / denseMse(x, converted), 1, 1e-4)
  })

  it("uses the fixed threshold where it is asked to", async () => {
    const { file } = await run(
      stitch(small, large, { threshold_from: "fixed", fixed_threshold: 0.9, unmatched: "alone" })
    )
    expect(file.options.threshold).toBe(0.9)
    const near = file.latents.cosine.filter((c) => c > 0.9).length
    expect(file.path.flatMap((step) => (step.phase === "swap" ? step.added : []))).toHaveLength(near)
  })

  it("refuses SAEs of another hook or another model, naming both", async () => {
    const failure = await run(Effect.flip(stitch(small, large, {}, { hook: "blocks.1.hook_resid_post" })))
    expect(failure.message).toContain("the large SAE was trained at blocks.1.hook_resid_post")
    expect(failure.message).toContain(hook)
    const other = await run(Effect.flip(stitch(small, large, {}, { model: "b" })))
    expect(other.message).toContain("the small SAE was trained on model a, the large SAE on model b")
  })

  it("refuses rows of another width", async () => {
    const failure = await run(Effect.flip(stitch(small, randomSae(2, 6, 14))))
    expect(failure.message).toContain(
      "the large SAE reads rows of 6 numbers, the activations of blocks.0.hook_resid_post have 8"
    )
  })
})

describe("the stages stitch-family and merge-saes", () => {
  it("walk from the smallest SAE through all others, beside a merged one of the middle's size", async () => {
    const { merged, metrics, figures } = await run(family([5, 9, 14]))
    const x = randomRows(8, 300, d)
    const size = merged.metrics["d_sae"] as number
    assert.isAtMost(size, 9)
    assert.isAtMost(merged.metrics["mse"] as number, merged.metrics["base_mse"] as number)
    const [trained, chain, direct] = figures.charts[0]!.series
    expect(trained!.points.map((point) => point.x)).toEqual([5, 9, 14])
    // Two stitched SAEs between each two of the chain; between the ends, those and one of the middle's size.
    expect(chain!.points).toHaveLength(3 + 2 * 2)
    expect([chain!.points[0], chain!.points[3], chain!.points[6]]).toEqual(trained!.points)
    expect(direct!.points).toHaveLength(2 + 2 + 1)
    const rows = figures.tables[0]!.rows
    const mse = (name: string) => rows.find(([what]) => what === name)?.[3] as number
    assert.approximately(mse("trained") / denseMse(x, randomSae(1, d, 5)), 1, 1e-4)
    // Chosen and measured on the same rows here.
    assert.approximately(mse("merged") / (merged.metrics["mse"] as number), 1, 1e-4)
    const middle = rows.filter(([what]) => what === "trained")[1]!
    const stitched = rows.find(([what]) => what === "stitched")!
    expect(stitched[1]).toBeGreaterThanOrEqual(9)
    const excess = (stitched[3] as number) / (middle[3] as number) - 1
    assert.approximately(metrics["stitched_mse_excess"] as number, excess, 1e-9)
    expect(metrics["stitched_ce_excess"]).toBeUndefined()
  })

  it("refuse a family that does not rise", async () => {
    const failure = await run(Effect.flip(family([5, 14, 9])))
    expect(String(failure)).toContain("5, 14, 9 latents")
  })
})
