/**
 * What the latents of SAEs of one hook fire on, all of them, without explanations: `dashboard.json`, and for each SAE
 * `latents-N.arrow` and `examples-N.arrow`, which are read by row range (`read-dashboard.ts`); `text.arrow`, the contexts that the examples are
 * from (`dashboard-text-file.ts`).
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../../artifact/artifact.ts"
import { makeKind } from "../../artifact/artifact-kind.ts"
import { readJsonFile } from "../../artifact/json-file.ts"

const DashboardFile = Schema.Struct({
  format: Schema.Literal(2),
  hook: Schema.String,
  /** Training rows that were read. */
  rows: Schema.Int,
  window: Schema.Int,
  context_size: Schema.Int,
  /** Ids at the start of every context that are no text. */
  leading: Schema.Int,
  /** Contexts that are kept: rows of `text.arrow`. */
  contexts: Schema.Int,
  logit_tokens: Schema.Int,
  neighbours: Schema.Int,
  bands: Schema.Int,
  saes: Schema.Array(
    Schema.Struct({
      digest: Schema.String,
      d_sae: Schema.Int,
      /** Latents that fire on these rows: rows of its first file. */
      live: Schema.Int,
      /** Rows of its second file. */
      examples: Schema.Int
    })
  ),
  /** Text of every token id that occurs in the files. */
  token_texts: Schema.Record(Schema.String, Schema.String)
})
export type DashboardFile = typeof DashboardFile.Type

export const dashboardFileName = "dashboard.json"
export const textFileName = "text.arrow"
export const latentsFileName = (sae: number): string => `latents-${sae}.arrow`
export const examplesFileName = (sae: number): string => `examples-${sae}.arrow`

export interface DashboardHandle extends DashboardFile {
  readonly artifact: Artifact
}

export const Dashboard = makeKind({
  name: "Dashboard",
  version: 2,
  description: "what every latent of some SAEs fires on: examples, histograms, logit weights, neighbours",
  open: (artifact: Artifact) =>
    Effect.map(readJsonFile(artifact, dashboardFileName, DashboardFile), (file): DashboardHandle => ({
      ...file,
      artifact
    }))
})
