/** Completeness: which words have a latent of their own, by how frequent they are in the text. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overConcepts = "the concepts"

export default Stage.make("evaluate-concepts", {
  summary:
    "Tells which words have a latent of their own, against how frequent each is in the text, with the frequency at which half of them have one",
  inputs: {
    sae: Stage.one(Sae, "whose latents are tried"),
    activations: Stage.one(Activations, "of the SAE's hook: training rows choose latents, held-out rows measure them"),
    model: Stage.one(LanguageModel, "the model that they are of, whose tokenizer says how tokens read")
  },
  params: {
    f1: Param.number({
      default: 0.5,
      minimum: 0.01,
      maximum: 1,
      description: "F1 on held-out rows from which on a latent stands for a concept"
    }),
    rows: Param.integer({
      default: 100_000,
      minimum: 100,
      unit: "rows",
      description: "rows of each set, at most: the first"
    }),
    least: Param.integer({
      default: 5,
      minimum: 2,
      unit: "rows",
      description: "held-out rows, and training rows, that a concept has at least"
    }),
    seed: Param.integer({ default: 0, description: "of the shuffled concepts and the intervals" })
  },
  output: Figures,
  metrics: {
    share: {
      interval: overConcepts,
      better: "higher",
      tolerance: 0.05,
      description:
        "share of the concepts (words: tokens of letters, whatever their case and leading space) that have a latent"
    },
    shuffled_share: {
      interval: "the concepts",
      better: "neither",
      tolerance: 0.02,
      description: "the same with the words shuffled among the rows: the control, near 0"
    },
    mean_f1: {
      interval: overConcepts,
      better: "higher",
      tolerance: 0.05,
      description: "of each concept's best latent, held-out rows"
    },
    half_frequency: {
      interval: overConcepts,
      optional: true,
      better: "lower",
      tolerance: { relative: 0.5 },
      description:
        "share of the training rows at which half of the concepts have a latent, by a logistic curve over its logarithm"
    },
    slope: {
      interval: overConcepts,
      optional: true,
      better: "neither",
      tolerance: 1,
      description: "of that curve, log-odds for ten times the frequency: above 0, frequent concepts have latents sooner"
    },
    half_times_alive: {
      optional: true,
      better: "neither",
      tolerance: { relative: 0.5 },
      description: "half_frequency times the latents alive; published: of the order of 1"
    },
    concepts: { better: "neither", tolerance: 20, description: "concepts tried" }
  },
  headline: ["share", "half_frequency", "shuffled_share"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/concepts/concepts-stage.ts"),
    (module) => module.conceptsStage
  )
})
