/** A small, complete report input: every section has something to show, and every number can be told from the others. */
import type { ReportInput } from "../../src/report/page/subjects.ts"
import { absorption } from "./sample-absorption.ts"
import { explanations, interpretations } from "./sample-latents.ts"
import { metaAnalysis, metaEdits, metaLatents } from "./sample-meta.ts"
import { comparison, curve, evaluation, probing, saeInfo, sizes } from "./sample-sae.ts"
import { stitching } from "./sample-stitching.ts"

export const sampleReport = (): ReportInput => ({
  title: "Sample & report",
  saes: [
    { at: { width: 64, seed: 0 }, value: saeInfo(64, "sae-small"), curve: curve(16) },
    { at: { width: 256, seed: 0 }, value: saeInfo(256, "sae-large"), curve: curve(28) }
  ],
  evaluations: [
    { at: { width: 64, seed: 0 }, value: evaluation(64, "sae-small", 0.8125) },
    { at: { width: 256, seed: 0 }, value: evaluation(256, "sae-large", 0.9375) }
  ],
  interpretations: [
    { at: { width: 64, seed: 0 }, value: interpretations(64, "sae-small") },
    { at: { width: 256, seed: 0 }, value: interpretations(256, "sae-large") }
  ],
  explanations: [{ at: {}, value: explanations }],
  dashboards: [],
  absorptions: [
    { at: { width: 64, seed: 0 }, value: absorption(64) },
    { at: { width: 256, seed: 0 }, value: absorption(256) }
  ],
  stitchings: [{ at: {}, value: stitching(64, 256) }],
  comparisons: [{ at: {}, value: comparison(64, 256) }],
  figures: [
    {
      at: { hook: "blocks.1" },
      value: {
        format: 1,
        title: "Steering",
        note: "How a target rises <with> damage.",
        charts: [
          {
            title: "Effect",
            x: { label: "KL", log: true },
            y: { label: "shift", log: false },
            series: [
              {
                name: "latents",
                line: true,
                points: [
                  { x: 0.1, y: 1, low: 0.5, high: 1.5 },
                  { x: 1, y: 2 }
                ]
              },
              { name: "random", line: false, points: [{ x: 0, y: 1 }] }
            ]
          }
        ],
        tables: [
          {
            title: "Latents",
            columns: ["latent", "shift"],
            shaded: { from: 1, to: 2 },
            rows: [
              ["7", 1.5],
              ["8", null]
            ]
          }
        ]
      }
    }
  ],
  metaSaes: [{ at: {}, base: undefined, value: metaLatents(256, 64) }],
  metaAnalyses: [{ at: { seed: 0 }, value: metaAnalysis(256, 64, 32) }],
  metaEdits: [{ at: { seed: 0 }, value: metaEdits(3) }],
  sizes: [{ at: { k: 8 }, value: sizes }],
  probings: [{ at: { width: 64, seed: 0 }, value: probing(64, "sae-small") }]
})
