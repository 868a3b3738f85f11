/** What activations of a model of Othello games, and the latents of an SAE of them, know of the board. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

export default Stage.make("evaluate-othello", {
  summary:
    "Measures what activations and latents tell of the board of Othello: linear probes, and the ROC area of latents",
  inputs: {
    activations: Stage.one(
      Activations,
      "of a residual stream on games of make-othello-games; every game has to be legal"
    ),
    sae: Stage.optional(Sae, "an SAE of these activations; none: probes alone")
  },
  params: {
    first_move: Param.integer({ default: 5, minimum: 1, maximum: 60, description: "moves before it are left out" }),
    last_move: Param.integer({ default: 52, minimum: 1, maximum: 60, description: "moves after it are left out" }),
    area: Param.number({
      default: 0.9,
      minimum: 0.5,
      maximum: 1,
      description: "a latent tells a square's state where the area under its ROC curve is above this"
    }),
    training_rows: Param.integer({
      default: 20_000,
      minimum: 100,
      unit: "rows",
      description: "rows of the probes, at most"
    }),
    held_out_rows: Param.integer({ default: 8000, minimum: 100, unit: "rows", description: "rows that test, at most" })
  },
  decode: (params) =>
    Stage.decoded(
      params,
      params.first_move <= params.last_move
        ? []
        : [{ param: "last_move", problem: "last_move is before first_move", remedy: "raise it" }]
    ),
  output: Figures,
  metrics: {
    probe_accuracy: {
      interval: "held-out games",
      better: "higher",
      tolerance: 0.01,
      description: "share of the 64 squares that linear probes tell right: empty, own, enemy, of who moves next"
    },
    probe_control: {
      interval: "held-out games",
      better: "neither",
      tolerance: 0.01,
      description:
        "of probes fitted to the boards of other games after the same move: what the number of the move tells"
    },
    told: {
      interval: "held-out games",
      optional: true,
      better: "higher",
      tolerance: 3,
      description: "of 180 squares and states (the middle left out), those with a latent above `area`, on held-out rows"
    },
    told_control: {
      interval: "held-out games",
      optional: true,
      better: "neither",
      tolerance: 3,
      description: "the same with the boards of other games after the same move"
    },
    mean_area: {
      interval: "held-out games",
      optional: true,
      better: "higher",
      tolerance: 0.01,
      description: "largest ROC area of a latent, mean over squares and states"
    },
    area_gain: {
      interval: "held-out games",
      optional: true,
      better: "higher",
      tolerance: 0.01,
      description: "of that, what it has above that for the boards of other games"
    },
    gain_centre: {
      interval: "held-out games",
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "area_gain of the twelve squares round the middle"
    },
    gain_corners: {
      interval: "held-out games",
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "area_gain of the four corners"
    },
    centre_over_corners: {
      interval: "held-out games",
      optional: true,
      better: "neither",
      tolerance: 0.01,
      description: "gain_centre - gain_corners"
    }
  },
  headline: ["probe_accuracy", "area_gain"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/othello/othello-stage.ts"),
    (module) => module.othelloStage
  )
})
