/** Training rows in a random order, for training on more of them than the memory holds. */
import { foreseeWidth } from "../src/activations/known-width.ts"
import { Activations } from "../src/kinds/activations/activations.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("shuffle-activations", {
  summary: "Permutes the training rows of activations at random, on disk, so that a trainer can read them in order",
  inputs: { activations: Stage.one(Activations, "the rows to permute; held-out rows stay in the text's order") },
  params: {
    seed: Param.integer({ default: 0, description: "seed of the permutation" }),
    bucket_mib: Param.integer({
      default: 256,
      minimum: 1,
      unit: "MiB",
      description: "rows permuted in memory at a time; the permutation is one of all rows whatever it is"
    })
  },
  output: Activations,
  foresee: foreseeWidth,
  metrics: {
    rows: { better: "neither", tolerance: 0, description: "training rows" },
    buckets: { better: "neither", tolerance: 0, description: "buckets on disk" }
  },
  // Activations that are not stored are computed here.
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/activations/shuffle-stage.ts"),
    (module) => module.shuffleStage
  )
})
