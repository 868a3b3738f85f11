import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { expect } from "vitest"
import { openActivations } from "../../../src/activations/open-activations.ts"
import { Activations } from "../../../src/kinds/activations/activations.ts"
import { joinedEnds } from "../tokens/joined-ends.ts"
import { writeActivationsInfo } from "../../../src/kinds/activations/write-activations.ts"
import { openTokensWriter } from "../../../src/kinds/tokens/write-tokens.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"

// No engine is loaded in this file.
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
