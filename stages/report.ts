/** Puts an experiment's results into one web page that needs no network. */
import { Absorption } from "../src/kinds/absorption.ts"
import { AttributionGraphs } from "../src/kinds/attribution-graphs.ts"
import { Comparison } from "../src/kinds/comparison.ts"
import { Dashboard } from "../src/kinds/dashboard/dashboard.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { Figures } from "../src/kinds/figures.ts"
import { Explanations } from "../src/kinds/explanations.ts"
import { Interpretations } from "../src/kinds/interpretations.ts"
import { LatentMap } from "../src/kinds/latent-map.ts"
import { MetaAnalysis } from "../src/kinds/meta-analysis.ts"
import { MetaEdits } from "../src/kinds/meta-edits.ts"
import { Probing } from "../src/kinds/probing.ts"
import { Report } from "../src/kinds/report.ts"
import { SizeSelection } from "../src/kinds/size-selection.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Stitching } from "../src/kinds/stitching.ts"
import { pageScriptFile } from "../src/report/browser/page-script-file.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("report", {
  summary: "Puts results into one self-contained web page: metrics, curves, and a browser of latents",
  inputs: {
    saes: Stage.some(Sae, "the SAEs that the report is about"),
    evaluations: Stage.parts(Evaluation, "their evaluations"),
    interpretations: Stage.parts(Interpretations, "token patterns that explain their latents"),
    explanations: Stage.parts(Explanations, "what a language model says of their latents"),
    dashboards: Stage.parts(Dashboard, "what all their latents fire on, explained or not"),
    maps: Stage.parts(LatentMap, "where their latents lie on a map of decoder directions"),
    absorption: Stage.parts(Absorption, "their absorption of first letters"),
    probing: Stage.parts(Probing, "sparse probes of them"),
    stitching: Stage.parts(Stitching, "stitchings of two of them"),
    meta: Stage.parts(Sae, "meta-SAEs, trained on the decoder of one of them"),
    comparisons: Stage.parts(Comparison, "comparisons of them with each other"),
    figures: Stage.parts(Figures, "curves and tables of further analyses: steering, scaling, patching"),
    meta_analyses: Stage.parts(MetaAnalysis, "what their meta-latents are, beside smaller SAEs"),
    sizes: Stage.parts(SizeSelection, "which size is best at which task"),
    meta_edits: Stage.parts(MetaEdits, "what edits by their meta-latents do to the model"),
    attributions: Stage.parts(AttributionGraphs, "attribution graphs of prompts through transcoders")
  },
  params: {
    title: Param.string({ description: "heading of the page", default: "Sparse autoencoders" })
  },
  output: Report,
  metrics: {
    bytes: { better: "neither", tolerance: 1e6, description: "size of the page" }
  },
  engine: false,
  code: () => [pageScriptFile],
  isolation: "pool",
  run: Stage.late(
    () => import("../src/report/report-stage.ts"),
    (module) => module.reportStage
  )
})
