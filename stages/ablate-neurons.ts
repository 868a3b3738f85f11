/** Whether the neuron that tells a context serves the model in that context alone. */
import { Activations } from "../src/kinds/activations/activations.ts"
import { Figures } from "../src/kinds/figures.ts"
import { LanguageModel } from "../src/kinds/language-model/language-model.ts"
import { Probing } from "../src/kinds/probing.ts"
import * as Param from "../src/stage/param.ts"
import * as Stage from "../src/stage/stage.ts"

const rise = (description: string) =>
  ({ interval: "held-out documents", better: "neither", tolerance: 0.02, description }) as const

export default Stage.make("ablate-neurons", {
  summary:
    "Holds the one neuron that tells each task at its mean, and measures where the model's loss rises, beside other neurons and what they all read",
  inputs: {
    probing: Stage.one(Probing, "probes of one number of the activation, of tasks about tokens (sparse-probe)"),
    activations: Stage.one(Activations, "what was probed: means are of training rows, losses on held-out contexts"),
    model: Stage.one(LanguageModel, "the model that they are of")
  },
  params: {
    contexts: Param.integer({
      default: 64,
      minimum: 1,
      unit: "contexts",
      description: "held-out contexts that losses are over, at most"
    }),
    others: Param.integer({
      default: 16,
      minimum: 1,
      unit: "neurons",
      description: "other neurons, drawn at random: the control"
    }),
    seed: Param.integer({ default: 0, description: "of the other neurons, and of the intervals" })
  },
  output: Figures,
  metrics: {
    loss_inside: {
      better: "neither",
      tolerance: 0.02,
      description: "the model's own loss where the answer is yes, nats a token, mean over tasks"
    },
    rise_inside: rise(
      "loss that comes with the ablation of a task's neuron where the answer is yes, nats a token, mean over tasks"
    ),
    rise_outside: rise("the same where the answer is no"),
    rise_others: rise("control: rise where the answer is yes without one of the other neurons, mean"),
    difference: rise("rise_inside less rise_outside"),
    dedicated: {
      interval: "the tasks",
      better: "neither",
      tolerance: 0.2,
      description:
        "share of the tasks with a neuron of their own: without it the loss rises where the answer is yes, more than where it is no (95 % intervals), and more than without any of the other neurons"
    },
    norm_bias: {
      interval: "the tasks' neurons",
      optional: true,
      better: "neither",
      tolerance: 0.1,
      description:
        "place of the tasks' neurons among all of the MLP by norm of the input weights times bias, from 0 to 1; a half: like any other"
    },
    tasks: { better: "neither", tolerance: 0, description: "tasks" }
  },
  headline: ["rise_inside", "rise_outside", "dedicated"],
  engine: true,
  isolation: "process",
  run: Stage.late(
    () => import("../src/analysis/probing/ablate-neurons-stage.ts"),
    (module) => module.ablateNeuronsStage
  )
})
