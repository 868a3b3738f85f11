/** The stage report: results of an experiment in one web page. */
import * as Effect from "effect/Effect"
import type { AbsorptionFile } from "../kinds/absorption.ts"
import type { AttributionGraphsHandle } from "../kinds/attribution-graphs.ts"
import type { ComparisonFile } from "../kinds/comparison.ts"
import type { DashboardHandle } from "../kinds/dashboard/dashboard.ts"
import { readDashboardText } from "../kinds/dashboard/dashboard-text-file.ts"
import { openDashboard } from "../kinds/dashboard/read-dashboard.ts"
import type { EvaluationHandle } from "../kinds/evaluation/evaluation-handle.ts"
import type { FiguresFile } from "../kinds/figures.ts"
import type { ExplanationsFile } from "../kinds/explanations.ts"
import type { InterpretationsFile } from "../kinds/interpretations.ts"
import type { MetaAnalysisFile } from "../kinds/meta-analysis.ts"
import type { MetaEditsFile } from "../kinds/meta-edits.ts"
import type { LatentMapFile } from "../kinds/latent-map.ts"
import { reportFileName } from "../kinds/report.ts"
import { readCrosscoder } from "../kinds/sae/crosscoder-file.ts"
import { readMetaLatents } from "../kinds/sae/meta-latents.ts"
import type { ProbingFile } from "../kinds/probing.ts"
import type { SaeHandle } from "../kinds/sae/sae-handle.ts"
import type { SizeSelectionFile } from "../kinds/size-selection.ts"
import type { StitchingFile } from "../kinds/stitching.ts"
import type { Opened } from "../stage/input.ts"
import type { StageContext } from "../stage/stage-context.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { PlacedMeta, SaeDashboard } from "./page/subjects.ts"
import { scienceReport } from "./science-report.ts"

interface ReportInputs {
  readonly saes: ReadonlyArray<Opened<SaeHandle>>
  readonly evaluations: ReadonlyArray<Opened<EvaluationHandle>>
  readonly interpretations: ReadonlyArray<Opened<InterpretationsFile>>
  readonly explanations: ReadonlyArray<Opened<ExplanationsFile>>
  readonly dashboards: ReadonlyArray<Opened<DashboardHandle>>
  readonly maps: ReadonlyArray<Opened<LatentMapFile>>
  readonly absorption: ReadonlyArray<Opened<AbsorptionFile>>
  readonly stitching: ReadonlyArray<Opened<StitchingFile>>
  readonly meta: ReadonlyArray<Opened<SaeHandle>>
  readonly meta_analyses: ReadonlyArray<Opened<MetaAnalysisFile>>
  readonly sizes: ReadonlyArray<Opened<SizeSelectionFile>>
  readonly meta_edits: ReadonlyArray<Opened<MetaEditsFile>>
  readonly comparisons: ReadonlyArray<Opened<ComparisonFile>>
  readonly figures: ReadonlyArray<Opened<FiguresFile>>
  readonly probing: ReadonlyArray<Opened<ProbingFile>>
  readonly attributions: ReadonlyArray<Opened<AttributionGraphsHandle>>
}

export const reportStage = Effect.fn("reportStage")(function* ({
  inputs,
  params,
  leftOut,
  output
}: StageContext<{ readonly title: string }, unknown, ReportInputs>) {
  const metaSaes: Array<PlacedMeta> = []
  for (const { at, value, artifact } of inputs.meta) {
    const meta = yield* readMetaLatents(artifact)
    if (meta === undefined) {
      return yield* stageFailed(
        "an SAE given as `meta` is no meta-SAE",
        "Give artifacts of train-meta-sae; SAEs of activations belong under `saes`."
      )
    }
    const base = value.training?.["base"]
    metaSaes.push({ at, value: meta, base: typeof base === "string" ? base : undefined })
  }
  const saes = yield* Effect.forEach(inputs.saes, ({ at, value, artifact }) =>
    Effect.map(Effect.all([readCrosscoder(artifact), value.curve]), ([crosscoder, curve]) => ({
      at,
      value,
      crosscoder,
      curve
    }))
  )
  const dashboards: Array<SaeDashboard> = []
  for (const { value } of inputs.dashboards) {
    const text = yield* readDashboardText(value)
    for (const [place, { digest, d_sae, live }] of value.saes.entries()) {
      const reader = yield* openDashboard(value, place)
      const parts = yield* Effect.forEach(
        Array.from({ length: reader.parts }, (_, part) => part),
        reader.readPart
      )
      const { bands, rows, token_texts: texts } = value
      dashboards.push({ digest, d_sae, live, bands, rows, texts, text, parts })
    }
  }
  const html = scienceReport({
    title: params.title,
    leftOut,
    saes,
    evaluations: inputs.evaluations,
    interpretations: inputs.interpretations,
    explanations: inputs.explanations,
    dashboards,
    maps: inputs.maps.flatMap(({ value }) => value.saes),
    absorptions: inputs.absorption,
    stitchings: inputs.stitching,
    metaSaes,
    comparisons: inputs.comparisons,
    figures: inputs.figures,
    metaAnalyses: inputs.meta_analyses,
    metaEdits: inputs.meta_edits,
    sizes: inputs.sizes,
    probings: inputs.probing,
    attributions: inputs.attributions
  })
  yield* output.write(reportFileName, html)
  return { bytes: new TextEncoder().encode(html).length }
}, Effect.scoped)
