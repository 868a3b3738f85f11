/** A map of the decoder directions of all latents that fire, for the page to draw. */
import { Dashboard } from "../src/kinds/dashboard/dashboard.ts"
import { LatentMap } from "../src/kinds/latent-map.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const kept = (description: string) =>
  ({
    interval: "at most 1,000 latents of each SAE",
    optional: true,
    better: "neither",
    tolerance: 0.05,
    description
  }) as const

export default Stage.make("map-latents", {
  summary:
    "Lays the decoder directions of latents out in a plane, near ones near each other (UMAP of cosine distances)",
  inputs: {
    saes: Stage.some(Sae, "the SAEs of the dashboard"),
    dashboard: Stage.one(Dashboard, "what `collect-dashboard` wrote: which of their latents fire")
  },
  params: {
    neighbours: Param.integer({
      description: "nearest directions that each latent is drawn to",
      default: 15,
      minimum: 2,
      unit: "latents"
    }),
    min_dist: Param.number({
      description: "how close together points may lie: less draws tighter clusters",
      default: 0.1,
      minimum: 0,
      maximum: 1
    }),
    epochs: Param.integer({
      description: "passes over all pairs of neighbours; UMAP's own default for thousands of points",
      default: 200,
      minimum: 1
    }),
    seed: Param.integer({ description: "draws the layout", default: 0 })
  },
  output: LatentMap,
  metrics: {
    neighbours_kept: kept("share of a latent's nearest directions that are among its nearest on the map"),
    neighbours_kept_shuffled: kept("the same where every latent lies where another one lies: the control"),
    latents: { better: "neither", tolerance: { relative: 0.02 }, description: "latents on the map" }
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/interp/dashboard/map-latents-stage.ts"),
    (module) => module.mapLatents
  )
})
