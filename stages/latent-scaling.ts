/** Which latents of a crosscoder of a base and a chat model are really one model's own. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { LatentScaling } from "../src/kinds/latent-scaling.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const count = (description: string) =>
  ({ better: "neither", tolerance: { relative: 0.2 }, description: `live latents ${description}` }) as const
const median = (description: string) =>
  ({
    better: "neither",
    optional: true,
    interval: "these latents",
    tolerance: 0.1,
    description: `median ${description}`
  }) as const
const confirmed = (description: string) =>
  ({ better: "higher", optional: true, interval: "these latents", tolerance: 0.15, description }) as const

export default Stage.make("latent-scaling", {
  summary:
    "Tells latents that one of two models has alone from those that a crosscoder only takes for such (latent scaling).",
  inputs: {
    crosscoder: Stage.one(Sae, "what train-crosscoder made of one hook of two models"),
    sources: Stage.list(Activations, "activations of both, in the order of its training: base, then chat")
  },
  params: {
    rows: Param.integer({ description: "held-out rows read at most", unit: "rows", default: 100_000, minimum: 1 })
  },
  output: LatentScaling,
  metrics: {
    second_only: count("with a relative decoder norm above 0.9: the second source's"),
    second_confirmed: confirmed("share of these that the first source has next to nothing of (v_r < 0.5, v_e < 0.2)"),
    shared: count("with a relative decoder norm of 0.4 to 0.6"),
    first_only: count("with one below 0.1: the first source's"),
    first_confirmed: confirmed("share of these that the second source has next to nothing of"),
    first_specific: count("of the first source, confirmed"),
    second_specific: count("of the second source, confirmed"),
    second_v_reconstruction: median("v_reconstruction of the second source's latents"),
    second_v_error: median("v_error of the second source's latents: near 1, the first has them too"),
    shared_v_error: median("v_error of shared latents: the control, near 1")
  },
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/crosscoder/latent-scaling-stage.ts"),
    (module) => module.latentScalingStage
  )
})
