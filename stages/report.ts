/** Puts an experiment's results into one web page that needs no network. */
import * as Effect from "effect/Effect"
import { Absorption } from "../src/kinds/absorption.ts"
import { readCrosscoder } from "../src/kinds/sae/crosscoder-file.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { Interpretations } from "../src/kinds/interpretations.ts"
import { readMetaLatents } from "../src/kinds/sae/meta-latents.ts"
import { Report, reportFileName } from "../src/kinds/report.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Stitching } from "../src/kinds/stitching.ts"
import type { PlacedMeta } from "../src/report/page/subjects.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { stageFailed } from "../src/stage/stage-failed.ts"

export default Stage.make("report", {
  summary: "Puts results into one self-contained web page: metrics, curves, and a browser of latents.",
  inputs: {
    saes: Stage.list(Sae, "the SAEs that the report is about"),
    evaluations: Stage.optionalList(Evaluation, "their evaluations"),
    interpretations: Stage.optionalList(Interpretations, "explanations of their latents"),
    absorption: Stage.optionalList(Absorption, "their absorption of first letters"),
    stitching: Stage.optionalList(Stitching, "stitchings of two of them"),
    meta: Stage.optionalList(Sae, "meta-SAEs, trained on the decoder of one of them")
  },
  params: {
    title: Param.string({ description: "heading of the page", default: "Sparse autoencoders" })
  },
  output: Report,
  metrics: {
    bytes: { better: "neither", tolerance: 1e6, description: "size of the page" }
  },
  engine: false,
  isolation: "pool",
  run: ({ inputs, params, output }) =>
    Effect.gen(function* () {
      const { scienceReport } = yield* Effect.promise(() => import("../src/report/science-report.ts"))
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
        Effect.map(readCrosscoder(artifact), (crosscoder) => ({ at, value, crosscoder }))
      )
      const html = scienceReport({
        title: params.title,
        saes,
        evaluations: inputs.evaluations,
        interpretations: inputs.interpretations,
        absorptions: inputs.absorption,
        stitchings: inputs.stitching,
        metaSaes
      })
      yield* output.write(reportFileName, html)
      return { bytes: new TextEncoder().encode(html).length }
    })
})
