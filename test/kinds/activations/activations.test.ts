import { it } from "@effect/vitest"
import { truncateSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import type { Artifact } from "../../../src/artifact/artifact.ts"
import { ArtifactError } from "../../../src/artifact/artifact-error.ts"
import { hashFile } from "../../../src/file/hash-file.ts"
import { makeVerifiedFile } from "../../../src/file/verified-file.ts"
import { activationDtypes, activationsBatchRows } from "../../../src/kinds/activations/activations-columns.ts"
import { openRowSet } from "../../../src/kinds/activations/read-activations.ts"
import { openActivations } from "../../../src/activations/open-activations.ts"
import { Activations } from "../../../src/kinds/activations/activations.ts"
import type { RowSet } from "../../../src/kinds/activations/row-set.ts"
import { joinedEnds } from "../tokens/joined-ends.ts"
import { openRowSetWriter, writeActivationsInfo } from "../../../src/kinds/activations/write-activations.ts"
import { openTokensWriter } from "../../../src/kinds/tokens/write-tokens.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"

/** A folder whose files are read as the store's are. */
const stored = (directory: string): Artifact => {
  const artifact = folderArtifact(directory, "Activations")
  const wrong = (detail: string) => new ArtifactError({ reason: "damaged", digest: "", path: "", detail })
  return {
    ...artifact,
    open: (path) =>
      Effect.gen(function* () {
        const handle = yield* Effect.acquireRelease(
          Effect.promise(() => open(join(directory, path), "r")),
          (opened) => Effect.promise(() => opened.close())
        )
        const file = { path, ...(yield* Effect.promise(() => hashFile(join(directory, path)))) }
        return makeVerifiedFile({ handle, file, damaged: async (detail) => wrong(detail), invalid: wrong })
      })
  }
}

// No engine is loaded in this file.
it.effect.each(activationDtypes)(
  "rows stored as %s are read one by one where they stand, once they were checked",
  (dtype) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const output = folderWriter(directory)
      const d_in = 2048
      const rows = activationsBatchRows(d_in, dtype) + 9
      const activation = Float32Array.from({ length: rows * d_in }, (_, i) => Math.sin(i) * 100)
      const numbers = Int32Array.from({ length: rows }, (_, i) => i)
      const columns = {
        activation,
        norm: new Float32Array(rows).fill(100),
        document: numbers,
        position: numbers,
        token: numbers
      }
      const writer = yield* openRowSetWriter(output, {
        path: "train.arrow",
        d_in,
        dtype,
        metadata: {},
        materialize: true
      })
      yield* writer.append(columns, 0, rows)
      const { rows: count, ...facts } = yield* writer.finish
      const set = yield* openRowSet(stored(directory), "train.arrow", d_in, dtype, { rows: count, ...facts })
      const gather = set.gatherAgain as NonNullable<RowSet["gatherAgain"]>
      const indices = Uint32Array.of(rows - 1, 3, 0, facts.batch_rows, 3, facts.batch_rows - 1)
      const into = new Float32Array(indices.length * d_in)
      expect(() => gather(indices, into)).toThrow("was not read before")
      const all = yield* set.loadRows()
      gather(indices, into)
      for (const [i, row] of indices.entries()) {
        expect(into.subarray(i * d_in, (i + 1) * d_in)).toEqual(all.subarray(row * d_in, (row + 1) * d_in))
      }
      truncateSync(join(directory, "train.arrow"), 1000)
      expect(() => gather(indices, into)).toThrow("ends too early")
    })
)

it.effect("activations that are not stored open without an engine, and say what their rows need", () =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const output = folderWriter(directory)
    const info = { context_size: 4, vocab_size: 1, bos_id: null, packing: joinedEnds(null), tokenizer: "", source: "" }
    const tokens = yield* openTokensWriter(output, info)
    yield* tokens.append({ ids: new Int32Array(8), documents: new Int32Array(8) })
    yield* tokens.finish()
    const set = { rows: 4, batch_rows: 100, positions_sha256: "" }
    yield* writeActivationsInfo(
      output,
      {
        hook: "hook_embed",
        d_in: 2,
        dtype: "f32",
        model: "m",
        tokens: "t",
        context_size: 4,
        mask: { drop_bos: true, outlier_factor: null, median_contexts: 0, hooks: [] },
        split: { by: "contexts", held_out_fraction: 0.5, seed: 0, held_out_documents: [], first_held_out_context: 1 },
        order: { by: "tokens" }
      },
      {
        train: set,
        held_out: set,
        norm: { rows: 0, mean: 0, root_mean_square: 0, min: 0, max: 0, quantiles: {} },
        outliers: 0,
        materialized: false,
        probe: { contexts: 1, rows: 4, sha256: "", mean_norm: 1 }
      }
    )
    const closed = yield* Activations.open(folderArtifact(directory, "Activations"))
    expect(closed.train.rows).toBe(4)
    const handle = yield* openActivations(closed)
    expect([...((yield* handle.computed?.trainingRows ?? Effect.die("stored")) as Uint32Array)]).toEqual([4, 0])
    const failure = yield* Effect.flip(handle.train.readBatch(0))
    expect(failure.message).toMatch(/no tensor engine; capture with materialize: true/)
  })
)
