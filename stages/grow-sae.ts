/** A narrow SAE with new latents beside its own, to be trained on: what its latents become then tells how they hedged. */
import { Sae } from "../src/kinds/sae/sae.ts"
import { checkGrowth } from "../src/sae/dictionaries/check-growth.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("grow-sae", {
  summary: "Adds latents with random directions to an SAE: train-sae goes on from it (init), evaluate-hedging compares",
  inputs: {
    sae: Stage.one(
      Sae,
      "the narrow SAE: its latents stay as they are, and stand first; GroupMax and temporal SAEs are refused"
    )
  },
  params: {
    d_sae: Param.integer({ minimum: 2, unit: "latents", description: "latents of the result: more than the SAE has" }),
    encoder_norm: Param.number({
      default: 0.1,
      minimum: 1e-6,
      description:
        "norm of a new latent's encoder row; its decoder row has norm one. 1 is what train-sae starts with; small, so that what the narrow SAE says is hardly disturbed"
    }),
    seed: Param.integer({ default: 0, description: "of the new directions" })
  },
  check: checkGrowth,
  output: Sae,
  metrics: { d_sae: { better: "neither", tolerance: 0, description: "latents, new ones among them" } },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/sae/dictionaries/grow-stage.ts"),
    (module) => module.growStage
  )
})
