/** The stage export-dashboard. */
import * as Effect from "effect/Effect"
import type { DashboardHandle } from "../../kinds/dashboard/dashboard.ts"
import { openDashboard } from "../../kinds/dashboard/read-dashboard.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { bandsAreCounted, neuronpediaFeature } from "./neuronpedia-feature.ts"

interface ExportDashboardParams {
  readonly model_id: string | null
  readonly sae_set: string | null
  readonly dataset: string
}

/** The block that a hook of TransformerLens' names stands in; null for one outside of all. */
const layerOf = (hook: string): number | null => {
  const found = /^blocks\.(\d+)\./.exec(hook)?.[1]
  return found === undefined ? null : Number(found)
}

export const exportDashboard = Effect.fn("exportDashboard")(function* ({
  inputs,
  params,
  output,
  progress
}: StageContext<ExportDashboardParams, unknown, { readonly dashboard: Opened<DashboardHandle> }>) {
  const handle = inputs.dashboard.value
  const { bands, hook, rows, saes, token_texts } = handle
  if (!bandsAreCounted(bands)) {
    return yield* stageFailed(
      `how many firings each of ${bands} bands has is not in this dashboard`,
      "Collect it with bands that divide 24: 1, 2, 3, 4, 6, 8 or 12."
    )
  }
  const text = (token: number): string => token_texts[String(token)] ?? ""
  const total = saes.reduce((sum, { live }) => sum + live, 0)
  let features = 0
  for (const [index, { d_sae }] of saes.entries()) {
    const source = { model_id: params.model_id, layer: layerOf(hook), sae_set: params.sae_set }
    const folder = saes.length === 1 ? "" : `sae-${index}/`
    const reader = yield* openDashboard(handle, index)
    const silent = new Set(Array.from({ length: d_sae }, (_, latent) => latent))
    for (let part = 0; part < reader.parts; part++) {
      const latents = yield* reader.readPart(part)
      for (const { latent } of latents) silent.delete(latent)
      yield* output.writeJson(`${folder}batch-${part}.json`, {
        ...source,
        sae_id_suffix: null,
        features: latents.map((latent) => neuronpediaFeature(latent, { rows, bands, text, dataset: params.dataset }))
      })
      features += latents.length
      progress({ done: features, total, unit: "latents" })
    }
    yield* output.writeJson(`${folder}skipped_indexes.json`, {
      ...source,
      layer: String(source.layer),
      skipped_indexes: [...silent]
    })
  }
  return { features }
}, Effect.scoped)
