import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import type { ActivationsHandle } from "../../src/kinds/activations/activations-handle.ts"
import { joinedEnds } from "../kinds/tokens/joined-ends.ts"
import { openRowSetWriter, writeActivationsInfo } from "../../src/kinds/activations/write-activations.ts"
import { openTokensWriter } from "../../src/kinds/tokens/write-tokens.ts"
import { misaligned } from "../../src/activations/aligned-activations.ts"
import { loadTrainingRows } from "../../src/sae/rows/load-training-rows.ts"
import { shuffleActivations } from "../../src/activations/shuffle-activations.ts"
import shuffle from "../../stages/shuffle-activations.ts"
import train from "../../stages/train-sae.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"
import { runStage } from "../stage/run-stage.ts"
import { openedActivations, captured, captureInputs, columnsOf, filesOf } from "../sae/small-text.ts"

beforeAll(loadTestEngine)

/** Activations whose row i is (i, i + 0.5), at position i. */
const numbered = Effect.fn(function* (rows: number, broken?: number) {
  const directory = yield* temporaryDirectory
  const output = folderWriter(directory)
  const position = Int32Array.from({ length: rows }, (_, i) => i)
  const activation = Float32Array.from({ length: 2 * rows }, (_, i) => (i === broken ? Number.NaN : i / 2))
  const columns = { activation, norm: Float32Array.from(position), document: position, position, token: position }
  const write = Effect.fnUntraced(function* (path: string, count: number) {
    const set = yield* openRowSetWriter(output, { path, d_in: 2, dtype: "f32", metadata: {}, materialize: true })
    yield* set.append(columns, 0, count)
    return yield* set.finish
  })
  const tokens = yield* openTokensWriter(output, {
    context_size: 4,
    vocab_size: 1,
    bos_id: null,
    packing: joinedEnds(null),
    tokenizer: "",
    source: "none"
  })
  yield* tokens.append({ ids: new Int32Array(4), documents: new Int32Array(4) })
  yield* tokens.finish()
  yield* writeActivationsInfo(
    output,
    {
      hook: "h",
      d_in: 2,
      dtype: "f32",
      model: "m",
      tokens: "t",
      context_size: 4,
      mask: { drop_bos: true, outlier_factor: null, median_contexts: 0, hooks: [] },
      split: { by: "contexts", held_out_fraction: 0.5, seed: 0, held_out_documents: [], first_held_out_context: 0 },
      order: { by: "tokens" }
    },
    {
      train: yield* write("train.arrow", rows),
      held_out: yield* write("held_out.arrow", Math.min(rows, 5)),
      norm: { rows: 0, mean: 0, root_mean_square: 0, min: 0, max: 0, quantiles: {} },
      outliers: 0,
      materialized: true
    }
  )
  return yield* openedActivations(folderArtifact(directory, "Activations"))
})

const shuffled = Effect.fn(function* (
  source: Effect.Success<ReturnType<typeof numbered>>,
  seed: number,
  bucketBytes: number
) {
  const directory = yield* temporaryDirectory
  const options = { seed, bucketBytes, progress: () => {} }
  const { buckets } = yield* shuffleActivations(source, folderWriter(directory), options)
  const { value } = yield* openedActivations(folderArtifact(directory, "Activations"))
  return { directory, buckets, value }
})

/** All rows as a trainer sees them, in order. */
const streamed = Effect.fn(function* (handle: ActivationsHandle) {
  const source = yield* loadTrainingRows(handle)
  const rows: Array<number> = []
  for (let first = 0; first < source.rows; first += 700) {
    const indices = Uint32Array.from({ length: Math.min(700, source.rows - first) }, (_, i) => first + i)
    if (source.stream !== undefined) yield* source.stream.load(indices)
    const into = new Float32Array(indices.length * source.d_in)
    source.gather(indices, into)
    rows.push(...into)
  }
  return Float32Array.from(rows)
})

describe("shuffle-activations", () => {
  it.effect("gives every row once, with what belongs to it, and keeps the held-out rows", () =>
    Effect.gen(function* () {
      const source = yield* numbered(5000)
      const { directory, buckets, value } = yield* shuffled(source, 3, 2 ** 14)
      expect(buckets).toBe(Math.ceil((5000 * 24) / 2 ** 14))
      const { activation, norm, document, position, token } = yield* columnsOf(value.train)
      expect(position.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
      for (const [row, place] of position.entries()) {
        expect([...activation.subarray(2 * row, 2 * row + 2)]).toEqual([place, place + 0.5])
        expect([norm[row], document[row], token[row]]).toEqual([place, place, place])
      }
      expect((yield* columnsOf(value.held_out)).position).toEqual([0, 1, 2, 3, 4])
      expect(value.order).toEqual({ by: "shuffle", seed: 3 })
      expect(readdirSync(directory).toSorted()).toEqual(readdirSync(directory).filter((name) => name !== "buckets"))
    })
  )

  it.effect("is the same for a seed, and another for another one", () =>
    Effect.gen(function* () {
      const source = yield* numbered(600)
      const [a, b, c] = [
        yield* shuffled(source, 3, 2 ** 12),
        yield* shuffled(source, 3, 2 ** 12),
        yield* shuffled(source, 4, 2 ** 12)
      ]
      expect(filesOf(a.directory)).toEqual(filesOf(b.directory))
      expect((yield* columnsOf(a.value.train)).position).not.toEqual((yield* columnsOf(c.value.train)).position)
      expect(misaligned([a.value, b.value])).toBeUndefined()
      expect(misaligned([a.value, c.value])).toMatch(/different orders/)
      expect(misaligned([a.value, source.value])).toMatch(/different orders/)
    })
  )

  it.effect("puts every row anywhere with equal probability, whatever the buckets", () =>
    Effect.gen(function* () {
      const source = yield* numbered(3)
      const orderOf = (seed: number, bucketBytes: number) =>
        shuffled(source, seed, bucketBytes).pipe(
          Effect.flatMap(({ value }) => columnsOf(value.train)),
          Effect.map(({ position }) => position.join()),
          Effect.scoped
        )
      for (const bucketBytes of [24, 50]) {
        const counts = new Map<string, number>()
        for (let seed = 0; seed < 60; seed++) {
          const order = yield* orderOf(seed, bucketBytes)
          counts.set(order, (counts.get(order) ?? 0) + 1)
        }
        // 6 orders, 10 expected of each; chi squared with 5 degrees of freedom: 1e-4 is at 26.
        const chi = [...counts.values()].reduce((sum, n) => sum + (n - 10) ** 2 / 10, 10 * (6 - counts.size))
        expect(chi).toBeLessThan(26)
      }
    })
  )

  it.effect("a trainer reads shuffled rows in their order, and stored order needs no memory for all", () =>
    Effect.gen(function* () {
      const inputs = yield* captureInputs(1000)
      const { activations } = yield* captured(inputs, { hook: "blocks.0.mlp.hook_post", dtype: "bf16" })
      const directory = yield* temporaryDirectory
      const { artifact, metrics } = yield* runStage(shuffle, { activations }, { bucket_mib: 1, seed: 1 }, directory)
      expect(metrics["buckets"]).toBeGreaterThan(1)
      const { value } = yield* openedActivations(artifact)
      expect(value.dtype).toBe("bf16")
      expect(yield* streamed(value)).toEqual(yield* value.train.loadRows())
      const [before, after] = [yield* columnsOf(activations.value.train), yield* columnsOf(value.train)]
      expect(after.norm.toSorted()).toEqual(before.norm.toSorted())
      const params = { d_sae: 32, k: 4, steps: 40, batch_rows: 256, lr: 5e-3 }
      const trained = yield* runStage(
        train,
        { activations: yield* openedActivations(artifact) },
        params,
        yield* temporaryDirectory
      )
      expect(trained.metrics["explained_variance"]).toBeGreaterThan(0.5)
    })
  )

  it.effect("stores rows that were not stored", () =>
    Effect.gen(function* () {
      const inputs = yield* captureInputs(100)
      const stored = yield* captured(inputs)
      const computed = yield* captured(inputs, { materialize: false })
      const folders = yield* Effect.forEach([stored, computed], ({ activations }) =>
        Effect.gen(function* () {
          const directory = yield* temporaryDirectory
          yield* runStage(shuffle, { activations }, {}, directory)
          return directory
        })
      )
      const [a, b] = folders.map(filesOf)
      expect(a?.["train.arrow"]).toBe(b?.["train.arrow"])
      expect(a?.["held_out.arrow"]).toBe(b?.["held_out.arrow"])
      expect(Object.keys(b ?? {})).toEqual(Object.keys(a ?? {}))
    })
  )

  it.effect("and training refuse no rows, and rows that are no numbers, with their place", () =>
    Effect.gen(function* () {
      const broken = yield* numbered(600, 901)
      const place = /activations of h: number 1 of row 450 \(record batch 0, position 450, token 450\) is NaN/
      expect((yield* Effect.flip(loadTrainingRows(broken.value))).message).toMatch(place)
      expect((yield* Effect.flip(shuffled(broken, 0, 2 ** 20))).message).toMatch(place)
      const none = yield* numbered(0)
      expect((yield* Effect.flip(loadTrainingRows(none.value))).message).toMatch(
        /activations of h have no training rows/
      )
      const refused = runStage(shuffle, { activations: none }, {}, yield* temporaryDirectory)
      expect((yield* Effect.flip(refused)).message).toMatch(/no training rows/)
    })
  )
})

it.effect("a file of rows that is not what activations.json says is refused", () =>
  Effect.gen(function* () {
    const { directory } = yield* captured(yield* captureInputs(20))
    const file = join(directory, "activations.json")
    writeFileSync(file, readFileSync(file, "utf8").replace('"dtype":"f32"', '"dtype":"f16"'))
    const failure = yield* Effect.flip(openedActivations(folderArtifact(directory, "Activations")))
    expect(failure.message).toMatch(/column activation is FixedSizeList\[16\]<Float32>, not/)
  })
)
