import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { openArrowWriter } from "../../../src/format/arrow/arrow-writer.ts"
import { type DashboardFile, dashboardFileName } from "../../../src/kinds/dashboard/dashboard.ts"
import { exampleColumns, histogramBins, latentColumns } from "../../../src/kinds/dashboard/dashboard-columns.ts"
import exportDashboard from "../../../stages/export-dashboard.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { runStage } from "../../stage/run-stage.ts"

const shape = { window: 3, logitTokens: 2, neighbours: 1 }

/** One SAE of 4 latents, of which latent 2 fires: 6 rows of 1000, up to 2.4. */
const dashboard = Effect.fn(function* (bands: number) {
  const directory = yield* temporaryDirectory
  const writer = folderWriter(directory)
  const latents = yield* openArrowWriter(writer, "latents-0.arrow", latentColumns(shape))
  const histogram = new Int32Array(histogramBins)
  histogram.set([3, 1], 0)
  histogram.set([2], histogramBins - 1)
  yield* latents.append(1, {
    latent: Int32Array.of(2),
    count: Int32Array.of(6),
    max: Float32Array.of(2.4),
    encoder_decoder_cosine: Float32Array.of(0.5),
    examples: Int32Array.of(3),
    histogram,
    by_position: Int32Array.of(6, 0, 0, 0, 0, 0, 0, 0),
    promoted: Int32Array.of(7, 8),
    promoted_weight: Float32Array.of(0.0001234, 0),
    suppressed: Int32Array.of(9, -1),
    suppressed_weight: Float32Array.of(-3, 0),
    neighbour: Int32Array.of(1),
    neighbour_cosine: Float32Array.of(0.1),
    coactive: Int32Array.of(-1),
    coactive_jaccard: Float32Array.of(0)
  })
  yield* latents.close
  const examples = yield* openArrowWriter(writer, "examples-0.arrow", exampleColumns(shape))
  yield* examples.append(3, {
    latent: Int32Array.of(2, 2, 2),
    group: Int32Array.of(0, 2, 3),
    position: Int32Array.of(10, 20, 30),
    pivot: Int32Array.of(1, 0, 1),
    tokens: Int32Array.of(7, 8, 9, 8, 7, -1, 9, 9, 9),
    activations: Float32Array.of(0, 2.4, 0, 0.05, 0, 0, 0, 0.01, 0)
  })
  yield* examples.close
  const file: DashboardFile = {
    format: 2,
    hook: "blocks.11.hook_resid_post",
    rows: 1000,
    window: 3,
    context_size: 16,
    leading: 0,
    contexts: 0,
    logit_tokens: 2,
    neighbours: 1,
    bands,
    saes: [{ digest: "sae", d_sae: 4, live: 1, examples: 3 }],
    token_texts: { 7: " seven", 8: "eight", 9: "\n" }
  }
  yield* writer.writeJson(dashboardFileName, file)
  return { artifact: folderArtifact(directory, "Dashboard"), at: {} }
})

const named = { model_id: "gpt2-small", sae_set: "res-jb", dataset: "words" }

describe("a dashboard in SAEDashboard's form", () => {
  it.effect("holds tokens, activations, intervals and the latents that never fire", () =>
    Effect.gen(function* () {
      const given = { dashboard: yield* dashboard(2) }
      const { artifact, metrics } = yield* runStage(exportDashboard, given, named, yield* temporaryDirectory)
      expect(metrics["features"]).toBe(1)
      const batch = JSON.parse(yield* artifact.readText("batch-0.json"))
      expect(batch).toMatchObject({ model_id: "gpt2-small", layer: 11, sae_set: "res-jb" })
      const [feature] = batch.features
      expect(feature).toMatchObject({
        feature_index: 2,
        frac_nonzero: 0.006,
        pos_str: [" seven", "eight"],
        pos_values: [0.0001234, 0],
        neg_str: ["\n"],
        neg_values: [-3],
        dataset: "words"
      })
      expect(feature.freq_hist_data_bar_values.slice(0, 2)).toEqual([0.05, 0.15])
      expect(feature.freq_hist_data_bar_heights.slice(0, 2)).toEqual([3, 1])
      const texts = [
        [" seven", "eight", "\n"],
        ["eight", " seven"],
        ["\n", "\n", "\n"]
      ]
      expect(feature.activations).toEqual([
        {
          bin_min: -1,
          bin_max: 2.4,
          bin_contains: -1,
          tokens: texts[0],
          values: [0, 2.4, 0],
          qualifying_token_index: 1
        },
        {
          bin_min: 0,
          bin_max: 1.2,
          bin_contains: 0.004,
          tokens: texts[1],
          values: [0.05, 0],
          qualifying_token_index: 0
        },
        {
          bin_min: 0,
          bin_max: 2.4,
          bin_contains: 0.006,
          tokens: texts[2],
          values: [0, 0.01, 0],
          qualifying_token_index: 1
        }
      ])
      expect(JSON.parse(yield* artifact.readText("skipped_indexes.json"))).toEqual({
        model_id: "gpt2-small",
        layer: "11",
        sae_set: "res-jb",
        skipped_indexes: [0, 1, 3]
      })
    })
  )

  it.effect("is refused where the histogram does not say how many firings a band has", () =>
    Effect.gen(function* () {
      const given = { dashboard: yield* dashboard(5) }
      const failed = yield* Effect.flip(runStage(exportDashboard, given, named, yield* temporaryDirectory))
      expect(String(failed)).toContain("each of 5 bands")
    })
  )
})
