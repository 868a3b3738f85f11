/** How well a crosscoder, or an SAE on concatenated rows, does on held-out rows of each of its sources. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Evaluation } from "../src/kinds/evaluation/evaluation.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { denseAbove, densityMetrics } from "../src/sae/evaluate/density-figures.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("evaluate-crosscoder", {
  summary: "Measures a crosscoder on held-out rows of its sources: sparsity, explained variance of each, dead latents",
  inputs: {
    crosscoder: Stage.one(Sae, "what train-crosscoder made"),
    sources: Stage.list(Activations, "activations of the same hooks and models, in the order of its training")
  },
  params: {
    dense_above: denseAbove
  },
  output: Evaluation,
  metrics: {
    l0: { better: "lower", tolerance: 0.5, description: "latents that fire on a row, mean" },
    explained_variance: {
      better: "higher",
      tolerance: 0.005,
      description: "1 - E|x - x_hat|^2 / E|x - E x|^2 over all held-out rows of a source, mean over the sources"
    },
    explained_variance_least: { better: "higher", tolerance: 0.005, description: "that of the source with the least" },
    cosine: { better: "higher", tolerance: 0.005, description: "mean cosine of x and x_hat, mean over the sources" },
    ...densityMetrics
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/sae/evaluate/evaluate-crosscoder.ts"),
    (module) => module.evaluateCrosscoder
  )
})
