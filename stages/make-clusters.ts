/** Points of the plane in clusters that are known, as rows to train SAEs on: what an SAE makes of them can be drawn. */
import { Activations } from "../src/kinds/activations/activations.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"
import { pointSets } from "../src/synthetic/point-sets.ts"

export default Stage.make("make-clusters", {
  summary: "Makes points of the plane in known clusters, each as its distances to random anchors",
  inputs: {},
  params: {
    set: Param.choice(pointSets, {
      default: "blobs",
      description: "blobs: 5; grid: 18, 6 x 3; ring: 8 on a circle; nested: 9, three groups of three"
    }),
    points: Param.integer({
      default: 500,
      minimum: 10,
      unit: "points",
      description: "points, held-out ones among them"
    }),
    anchors: Param.integer({ default: 100, minimum: 2, description: "random places of the square: numbers in a row" }),
    deviation: Param.number({
      default: 0.05,
      minimum: 0,
      description: "of points from their cluster's centre, in each direction; the square is 2 wide"
    }),
    held_out_fraction: Param.number({
      default: 0.2,
      minimum: 0.001,
      maximum: 0.9,
      description: "share of the points held out, at random"
    }),
    seed: Param.integer({ default: 0, description: "of points, anchors, and of which are held out" })
  },
  output: Activations,
  metrics: {
    clusters: { better: "neither", tolerance: 0, description: "clusters" },
    rows: { better: "neither", tolerance: 0, description: "points" },
    held_out_rows: { better: "neither", tolerance: 0, description: "points held out" },
    d_in: { better: "neither", tolerance: 0, description: "numbers in a row: distances" },
    mean_norm: { better: "neither", tolerance: 1e-3, description: "sqrt(mean |x|^2) over all rows" }
  },
  engine: false,
  isolation: "process",
  run: Stage.late(
    () => import("../src/synthetic/clusters-stage.ts"),
    (module) => module.clustersStage
  )
})
