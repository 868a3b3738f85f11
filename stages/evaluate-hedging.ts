/** Feature hedging: what an SAE's latents had taken of features that it had no latents for (arXiv 2505.11756). */
import { Figures } from "../src/kinds/figures.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Stage from "../src/stage/stage.ts"

const overLatents = "latents of the narrow SAE, of one training: over seeds it moves more"

export default Stage.make("evaluate-hedging", {
  summary:
    "Measures feature hedging: how far decoder rows of a narrow SAE move, within what new latents span, when it is trained on with these",
  inputs: {
    narrow: Stage.one(Sae, "the control: the narrow SAE, trained on without new latents (train-sae with init)"),
    grown: Stage.one(Sae, "what grow-sae made of the same narrow SAE"),
    wide: Stage.one(Sae, "that one trained on, with the settings of `narrow` (train-sae with init)"),
    others: Stage.optionalList(
      Sae,
      "a control: as `narrow`, of other seeds; `narrow` itself may be among them. Their latents in the place of the new ones tell what any latents of these rows would span"
    )
  },
  params: {},
  output: Figures,
  metrics: {
    hedging: {
      optional: true,
      better: "lower",
      tolerance: 0.02,
      interval: overLatents,
      description:
        "change of a decoder row within the span of the new rows, against its norm, less what random directions give: (change_in_new - random_in_new) / (1 - random_in_new). 0: nothing was hedged; below zero is noise"
    },
    published_hedging: {
      better: "lower",
      tolerance: 0.02,
      interval: overLatents,
      description: "the same over all latents, as published: latents that a new one has replaced count as hedged"
    },
    change_in_new: {
      optional: true,
      better: "neither",
      tolerance: 0.02,
      interval: overLatents,
      description:
        "norm of the part of a row's change in the span of the new rows, mean over the narrow SAE's latents that no new one has replaced"
    },
    random_in_new: {
      optional: true,
      better: "neither",
      tolerance: 0.02,
      interval: overLatents,
      description: "the control: the same with random directions in place of the new rows, by its expectation"
    },
    decoder_change: {
      optional: true,
      better: "neither",
      tolerance: 0.02,
      interval: overLatents,
      description: "norm of the change of a row: narrow and wide SAE side by side, rows of norm one"
    },
    other_hedging: {
      optional: true,
      better: "neither",
      tolerance: 0.02,
      interval: overLatents,
      description:
        "the control: hedging where as many latents of `others` stand in the place of the new ones, mean over ten draws of each"
    },
    hedging_beyond_other: {
      optional: true,
      better: "lower",
      tolerance: 0.02,
      interval: overLatents,
      description: "hedging less other_hedging, latent by latent: what the narrow SAE gave to the new latents alone"
    },
    excess_share: {
      better: "neither",
      tolerance: 0.05,
      optional: true,
      interval: overLatents,
      description: "share of the squared change that lies in the span of the new rows, less that of random directions"
    },
    replaced_latents: {
      better: "neither",
      tolerance: 2,
      description:
        "latents that changed places with a new one: their direction is a new latent's, their own row is another feature's. They are in no mean but published_hedging"
    },
    new_latents: { better: "neither", tolerance: 0, description: "latents that were added" },
    unmoved_latents: {
      better: "neither",
      tolerance: 2,
      description:
        "new latents whose row still has a cosine above 0.95 with its start: they have learnt little, and their span is random"
    }
  },
  engine: false,
  isolation: "pool",
  run: Stage.late(
    () => import("../src/analysis/hedging/hedging-stage.ts"),
    (module) => module.hedgingStage
  )
})
