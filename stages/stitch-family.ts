/** Stitching through a family of widths: one path from the smallest SAE to the largest, beside those that were trained. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const excess = (what: string, interval: string, tolerance: number) =>
  ({ optional: true, interval, better: "neither", tolerance, description: what }) as const
const [documents, contexts] = ["held-out documents, the same for both", "held-out contexts, the same for both"]

export default Stage.make("stitch-family", {
  summary: "Walks through a family of SAEs, smallest to largest, and measures what is stitched beside what was trained",
  inputs: {
    saes: Stage.list(Sae, "SAEs of one hook by rising size"),
    merged: Stage.optionalList(Sae, "SAEs of merge-saes to be shown beside them"),
    activations: Stage.one(
      Activations,
      "the activations that they read: paths are chosen on training rows, and measured on held-out ones"
    ),
    model: Stage.optional(LanguageModel, "the model that they are of; without one, cross-entropies are not measured")
  },
  params: {
    rows: Param.integer({
      default: 30_000,
      minimum: 1,
      description: "training rows to use at most (whole batches, spread evenly)",
      unit: "rows"
    }),
    points: Param.integer({
      default: 4,
      minimum: 1,
      description: "stitched SAEs that are measured on the way from one SAE to the next"
    }),
    contexts: Param.integer({
      default: 32,
      minimum: 1,
      unit: "contexts",
      description: "held-out contexts that cross-entropies are over, at most"
    })
  },
  output: Figures,
  metrics: {
    stitched_mse_excess: excess(
      "MSE of the SAE on the way from the smallest to the largest that has a trained one's size, over that one's, less 1; mean over sizes",
      documents,
      0.05
    ),
    stitched_l0_excess: excess("active latents a row that it has more than the trained one", documents, 2),
    stitched_ce_excess: excess("cross-entropy that it has more, nats a token", contexts, 0.05),
    merged_mse_excess: excess(
      "MSE of the merged SAEs that have a trained one's size, over that one's, less 1; mean over them",
      documents,
      0.05
    ),
    merged_l0_excess: excess("active latents a row that they have more", documents, 2),
    merged_ce_excess: excess("cross-entropy that they have more, nats a token", contexts, 0.05),
    steps: { better: "neither", tolerance: { relative: 0.05 }, description: "steps of the chain" },
    rising_share: { better: "lower", tolerance: 0.05, description: "share of them that raise the MSE" }
  },
  headline: ["stitched_mse_excess", "stitched_l0_excess", "merged_mse_excess"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/stitching/family-stage.ts"),
    (module) => module.familyStage
  )
})
