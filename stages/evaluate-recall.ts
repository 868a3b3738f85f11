/** Where a model that knows facts by heart looks them up, and in how many neurons they stand. */
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Sae } from "../src/kinds/sae/sae.ts"
import { Tokens } from "../src/kinds/tokens/tokens.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const overFacts = (over: string) => ({ interval: over, better: "neither", tolerance: 0.03 }) as const
const held = overFacts("held-out facts")
const all = overFacts("facts")
const neurons = overFacts("neurons")
const latents = overFacts("latents")

export default Stage.make("evaluate-recall", {
  summary:
    "Measures where a memorised answer is introduced and boosted, what heads read by their weights alone, which MLPs look it up, and in how many neurons it stands",
  inputs: {
    model: Stage.one(LanguageModel, "the model"),
    tokens: Stage.one(Tokens, "facts it knows: contexts of a BOS, a name, what asks, and the answer (make-facts)"),
    transcoders: Stage.optionalList(
      Sae,
      "transcoders of its MLPs, from blocks.L.mlp.hook_in: the latents of the block that looks up most, beside its neurons"
    )
  },
  params: {
    name_tokens: Param.integer({
      default: 2,
      minimum: 1,
      maximum: 64,
      unit: "tokens",
      description: "tokens of a name"
    }),
    facts: Param.integer({ default: 5000, minimum: 20, unit: "facts", description: "facts at most, the first ones" }),
    held_out_fraction: Param.number({
      default: 0.3,
      minimum: 0.05,
      maximum: 0.9,
      description: "share of the facts that probes are measured on"
    }),
    least_accuracy: Param.number({
      default: 0.9,
      minimum: 0,
      maximum: 1,
      description: "share of the facts that the model has to know, else it is refused"
    }),
    seed: Param.integer({ default: 0, description: "of the choice of held-out facts, and of the control" })
  },
  output: Figures,
  metrics: {
    accuracy: { ...all, better: "higher", description: "share of the facts whose answer is the most probable token" },
    chance: { better: "neither", tolerance: 0.03, description: "share of the commonest answer" },
    probe_before: { ...held, description: "answers told by a linear probe of the name's last token, before block 0" },
    probe_after: { ...held, description: "the same after the last block" },
    asked_probe_before: {
      ...held,
      description: "answers told by a linear probe of the token that asks, before block 0"
    },
    asked_probe_after: { ...held, description: "the same after the last block" },
    unembedding_before_last: {
      ...all,
      description: "answers told by the unembedding at the token that asks, before the last block"
    },
    probe_control: { ...held, description: "the same of other people's answers: the control" },
    mechanistic: {
      ...held,
      description:
        "answers told by what the best head makes of the name by its weights alone (W_OV W_U), before its block"
    },
    mechanistic_control: { ...held, description: "the same of other people's answers: the control" },
    mechanistic_after: { ...held, description: "told by that head's weights after the last block" },
    lookup_share: {
      ...all,
      description: "share of the answer's margin that the MLPs' outputs at the name bring into a run on another name"
    },
    asked_lookup_share: { ...all, description: "share that those at the token that asks bring" },
    lookup_layer: {
      better: "neither",
      tolerance: 0,
      description: "block whose MLP alone brings most, where they together bring more"
    },
    lookup_layer_share: { ...all, description: "share that it brings alone" },
    told_without_name: { ...all, description: "answers told where all MLPs give their mean at the name" },
    told_without_asked: { ...all, description: "answers told where they do so at the token that asks" },
    one_neuron: { ...held, description: "answers told by the one neuron of that block that parts them best" },
    all_neurons: { ...held, description: "answers told by all its neurons" },
    purity: {
      ...neurons,
      optional: true,
      description:
        "share of the facts that a neuron is above zero on with their commonest answer, mean over its neurons with ten such facts and more"
    },
    purity_control: { ...neurons, optional: true, description: "the same of other people's answers: the control" },
    facts_a_neuron: {
      ...neurons,
      optional: true,
      tolerance: { relative: 0.1 },
      description: "facts that such a neuron is above zero on, mean"
    },
    one_latent: {
      ...held,
      optional: true,
      description: "answers told by the one latent of that block's transcoder that parts them best"
    },
    all_latents: { ...held, optional: true, description: "answers told by all its latents" },
    latent_purity: {
      ...latents,
      optional: true,
      description: "purity of its latents, of those that fire on ten facts and more"
    },
    latent_purity_control: {
      ...latents,
      optional: true,
      description: "the same of other people's answers: the control"
    },
    facts_a_latent: {
      ...latents,
      optional: true,
      tolerance: { relative: 0.1 },
      description: "facts that such a latent fires on, mean"
    }
  },
  headline: ["accuracy", "probe_after", "asked_probe_after", "lookup_share", "asked_lookup_share"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/recall/recall-stage.ts"),
    (module) => module.recallStage
  )
})
