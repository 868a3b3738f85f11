/** Whether latents part the attributes of an entity: RAVEL, with a learnt mask over latents. */
import { Entities } from "../src/kinds/entities.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const over = { interval: "held-out entities", better: "neither", tolerance: 0.05 } as const
const skyline = { ...over, optional: true } as const

export default Stage.make("evaluate-ravel", {
  summary:
    "Swaps latents between entities so that one attribute changes and the others stay (RAVEL): cause, isolation, disentanglement",
  inputs: {
    sae: Stage.one(Sae, "the dictionary: an SAE, or one of make-dictionary"),
    model: Stage.one(LanguageModel, "the model that its activations are of"),
    entities: Stage.one(Entities, "entities that the model knows: load-entities, make-entities")
  },
  params: {
    pairs: Param.integer({
      default: 800,
      minimum: 1,
      unit: "pairs",
      description: "pairs that a mask learns from, of the attribute, and as many of the others"
    }),
    test_pairs: Param.integer({ default: 300, minimum: 8, unit: "pairs", description: "the same, to measure" }),
    held_out_fraction: Param.number({
      default: 0.3,
      minimum: 0.05,
      maximum: 0.9,
      description: "share of the entities that are measured"
    }),
    least_accuracy: Param.number({
      default: 0.3,
      minimum: 0,
      maximum: 1,
      description: "share of the prompts that the model has to answer right; the others are left out"
    }),
    epochs: Param.integer({ default: 2, minimum: 1, unit: "epochs", description: "of the mask's training" }),
    batch: Param.integer({ default: 32, minimum: 1, unit: "pairs", description: "pairs of a step and of a pass" }),
    lr: Param.number({ default: 0.001, above: 0, description: "step of the mask's logits" }),
    generated_tokens: Param.integer({
      default: 6,
      minimum: 1,
      unit: "tokens",
      description: "of an answer, at most: fewer where it is told before"
    }),
    keep_error: Param.boolean({
      default: false,
      description: "keep what the dictionary does not reconstruct of the entity; SAEBench does not"
    }),
    subspace: Param.integer({
      default: 0,
      minimum: 0,
      unit: "dimensions",
      description:
        "the skyline: a subspace of the activation of so many dimensions, learnt on the same pairs (MDAS); it does not depend on the dictionary. 0: none"
    }),
    subspace_lr: Param.number({ default: 0.003, above: 0, description: "step of its directions" }),
    seed: Param.integer({ default: 0, description: "of held-out entities, pairs, and the control" })
  },
  output: Figures,
  metrics: {
    accuracy: { better: "neither", tolerance: 0.02, description: "share of the prompts that the model answers right" },
    entities: { better: "neither", tolerance: 0, description: "held-out entities of which it knows something" },
    disentanglement_score: {
      ...over,
      better: "higher",
      description: "mean of cause and isolation; 0.5 where nothing or everything is swapped"
    },
    cause_score: { ...over, better: "higher", description: "answers that become the other entity's, of its attribute" },
    isolation_score: { ...over, better: "higher", description: "answers that stay, of the other attributes" },
    latents: {
      better: "neither",
      tolerance: { relative: 0.2 },
      description: "latents swapped for an attribute, of those that ever differ, mean"
    },
    random_disentanglement: { ...over, description: "control: as many latents at random of those that differ" },
    random_cause: { ...over, description: "cause of the same; 0 where single latents decide" },
    none_cause: { ...over, description: "control: nothing swapped, cause; 0" },
    none_isolation: {
      ...over,
      better: "higher",
      description: "nothing swapped, isolation: answers that outlive the reconstruction"
    },
    whole_cause: { ...over, description: "the whole activation swapped, cause: the most that there is to change here" },
    whole_isolation: { ...over, description: "the whole activation swapped, isolation" },
    subspace_disentanglement: {
      ...skyline,
      better: "higher",
      description: "skyline: disentanglement of a learnt subspace of the activation"
    },
    subspace_cause: { ...skyline, description: "cause of the same" },
    subspace_isolation: { ...skyline, description: "isolation of the same" },
    random_subspace_disentanglement: { ...skyline, description: "control: of as many directions at random" },
    random_subspace_cause: { ...skyline, description: "cause of the same" }
  },
  headline: ["disentanglement_score", "cause_score", "isolation_score", "random_disentanglement"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/ravel/ravel-stage.ts"),
    (module) => module.ravelStage
  )
})
