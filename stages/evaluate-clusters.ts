/** What an SAE makes of points in known clusters: the entropy of clusters given a latent, and the picture. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Files } from "../src/kinds/files.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("evaluate-clusters", {
  summary: "Measures whether an SAE's latents are the clusters of make-clusters, and draws which points fire which",
  inputs: {
    sae: Stage.one(Sae, "an SAE of these activations"),
    activations: Stage.one(Activations, "activations of make-clusters; all points are used")
  },
  params: { seed: Param.integer({ default: 0, description: "of the shuffled clusters and of the intervals" }) },
  output: Files,
  metrics: {
    cluster_entropy: {
      interval: "points",
      optional: true,
      better: "lower",
      tolerance: 0.1,
      description: "bits: of the cluster, where a latent that fires is known; 0 where each latent is of one cluster"
    },
    information: {
      interval: "points",
      optional: true,
      better: "higher",
      tolerance: 0.05,
      description: "share of the clusters' entropy that the latent tells: 1 - cluster_entropy / marginal_entropy"
    },
    shuffled_information: {
      interval: "points",
      optional: true,
      better: "neither",
      tolerance: 0.02,
      description: "the same with clusters shuffled among points: the control, near 0 where points outnumber latents"
    },
    live_latents: { better: "neither", tolerance: 2, description: "latents that fire on a point" },
    dead_latents: {
      interval: "the latents",
      better: "lower",
      tolerance: 0.1,
      description: "share of the latents that fire on none"
    },
    silent_points: {
      interval: "points",
      better: "lower",
      tolerance: 0.05,
      description: "share of the points that fire no latent"
    },
    marginal_entropy: {
      interval: "points",
      optional: true,
      better: "neither",
      tolerance: 0.05,
      description: "bits: of the cluster where nothing is known, over the same firings"
    }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/clusters/clusters-stage.ts"),
    (module) => module.evaluateClusters
  )
})
