/**
 * Rows of activations that are not stored: computed by the model that stands in the artifact, block by block, with the
 * bits that stored rows would have. The last blocks are kept, so that rows read in order are computed once.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { activationsBatchRows } from "../kinds/activations/activations-columns.ts"
import type { ActivationsHandle, RowsRecipe } from "../kinds/activations/activations-handle.ts"
import type { RowBatch, RowSet } from "../kinds/activations/row-set.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"
import { rowLoader } from "../kinds/activations/row-loader.ts"
import { codeEnding } from "../project/code-ending.ts"
import type { ContextBlock } from "../kinds/tokens/tokens-handle.ts"
import type * as recipeModel from "./load-recipe-model.ts"
import { blockContexts, hookId, type HookValues, runHooks } from "./hook-pass.ts"
import { pageOf } from "./paged-stream.ts"
import { probeProblem } from "./probe-problem.ts"
import { rowKinds, rowLayout } from "./row-layout.ts"
import { breathe } from "../stage/breathe.ts"

const blocksKept = 2

const importModelCode = (): Promise<typeof recipeModel> => {
  const path = new URL(`load-recipe-model${codeEnding}`, import.meta.url).href
  return import(path) as Promise<typeof recipeModel>
}

interface ComputedBlock {
  readonly block: ContextBlock
  readonly values: HookValues
  /** `RowLayout.kindsOf` the block. */
  readonly kinds: Uint8Array
}

export const openComputedRows = Effect.fn("openComputedRows")(function* (
  handle: ActivationsHandle,
  { languageModel, probe }: RowsRecipe
) {
  const { contexts: tokens, context_size: time, d_in, hook, model: digest } = handle
  const fail = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: handle.digest, path: "activations.json", detail })
  const scope = yield* Scope.Scope
  const step = blockContexts(time)
  const blocks = Math.ceil(tokens.contexts / step)

  const layout = yield* Effect.cached(Effect.provideService(rowLayout(handle, step), Scope.Scope, scope))

  const loaded = yield* Effect.cached(
    Effect.gen(function* () {
      const { getBackend } = yield* Effect.promise(() => import("@tensorflow/tfjs-core"))
      if ((getBackend() as string | undefined) === undefined) {
        return yield* fail(
          `its rows are not stored: the model computes them, and this stage has no tensor engine; ` +
            "capture with materialize: true, or put shuffle-activations between, which stores them"
        )
      }
      const { loadRecipeModel } = yield* Effect.promise(importModelCode)
      return yield* Effect.provideService(loadRecipeModel(languageModel), Scope.Scope, scope)
    })
  )

  const run = Effect.fnUntraced(function* (block: Pick<ContextBlock, "ids" | "count" | "documents">, where: string) {
    const { model, run } = yield* loaded
    const own = { model: digest, hook }
    const values = runHooks(run, new Map([[digest, model]]), [own], block).get(hookId(own)) as HookValues
    const at = values.norms.findIndex((norm, i) => !Number.isFinite(norm) && (block.documents[i] as number) >= 0)
    if (at < 0) return values
    return yield* fail(`${hook} is not finite in ${where}, at position ${at % time} (token ${block.ids[at]})`)
  })

  const kept = new Map<number, ComputedBlock>()
  const computeBlock = Effect.fnUntraced(function* (b: number) {
    const found = kept.get(b)
    if (found !== undefined) return found
    const { kindsOf } = yield* layout
    const block = yield* tokens.read(b * step, step)
    const values = yield* run(block, `contexts ${block.first} to ${block.first + block.count - 1}`)
    const computed: ComputedBlock = { block, values, kinds: kindsOf(block) }
    const wrong = b === 0 ? probeProblem(probe, values, computed.kinds) : undefined
    if (wrong !== undefined) return yield* fail(wrong)
    kept.set(b, computed)
    for (const old of kept.keys()) if (kept.size > blocksKept && old !== b) kept.delete(old)
    return computed
  })

  const openSet = (name: keyof typeof rowKinds): RowSet => {
    const { rows, positions_sha256 } = handle[name]
    const batch_rows = activationsBatchRows(d_in, "f32")
    const readBatch = Effect.fnUntraced(function* (index: number) {
      const first = index * batch_rows
      const count = Math.min(batch_rows, rows - first)
      if (count <= 0) return yield* fail(`there is no batch ${index} of ${rows} rows`)
      const { starts } = yield* layout
      const batch: RowBatch = {
        first,
        rows: count,
        activation: new Float32Array(count * d_in),
        norm: new Float32Array(count),
        document: new Int32Array(count),
        position: new Int32Array(count),
        token: new Int32Array(count)
      }
      for (let b = pageOf(starts[name], first); b < blocks && (starts[name][b] as number) < first + count; b++) {
        if (starts[name][b] === starts[name][b + 1]) continue
        const { block, values, kinds } = yield* computeBlock(b)
        let row = (starts[name][b] as number) - first
        for (let i = 0; i < kinds.length; i++) {
          if (kinds[i] !== rowKinds[name]) continue
          if (row >= 0 && row < count) {
            batch.activation.set(values.values.subarray(i * d_in, (i + 1) * d_in), row * d_in)
            batch.norm[row] = values.norms[i] as number
            batch.document[row] = block.documents[i] as number
            batch.position[row] = block.first * time + i
            batch.token[row] = block.ids[i] as number
          }
          row += 1
        }
      }
      return batch
    })
    const batches = Math.ceil(rows / batch_rows)
    return {
      rows,
      batch_rows,
      batches,
      positions_sha256,
      readBatch,
      loadRows: rowLoader({ rows, batch_rows, d_in }, readBatch)
    }
  }

  const compute = Effect.fnUntraced(function* (contexts: Uint32Array) {
    const { kindsOf, trainingRows } = yield* layout
    // What the model gives is held against the probe before anything is trained on it.
    yield* computeBlock(0)
    const result = new Float32Array(
      contexts.reduce((sum, context) => sum + (trainingRows[context] as number), 0) * d_in
    )
    const wanted = contexts.filter((context) => (trainingRows[context] as number) > 0)
    let at = 0
    for (let first = 0; first < wanted.length; first += step) {
      const some = wanted.subarray(first, first + step)
      const ids = new Int32Array(some.length * time)
      const documents = new Int32Array(some.length * time)
      const kinds = new Uint8Array(some.length * time)
      for (const [i, context] of some.entries()) {
        const block = yield* tokens.read(context, 1)
        ids.set(block.ids, i * time)
        documents.set(block.documents, i * time)
        kinds.set(kindsOf(block), i * time)
      }
      const { values } = yield* run({ ids, documents, count: some.length }, `contexts ${some.join(", ")}`)
      for (let i = 0; i < kinds.length; i++) {
        if (kinds[i] !== rowKinds.train) continue
        result.set(values.subarray(i * d_in, (i + 1) * d_in), at)
        at += d_in
      }
      yield* breathe
    }
    return result
  })

  const computed = { trainingRows: Effect.map(layout, ({ trainingRows }) => trainingRows), compute }
  return { train: openSet("train"), held_out: openSet("held_out"), computed }
})
