/** The stage ablate-neurons: whether the neurons that tell a context serve the model there, and there alone. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireTrainingRows } from "../../activations/fit.ts"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import { figuresFileName, type FiguresFile } from "../../kinds/figures.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { ProbedTask, ProbingFile } from "../../kinds/probing.ts"
import { findHook } from "../../model/hook-name.ts"
import { openModel } from "../../model/open-model.ts"
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import { shareInterval } from "../../numeric/mean-interval.ts"
import { mean } from "../../numeric/mean.ts"
import * as Rng from "../../random/rng.ts"
import { evaluationContexts } from "../../sae/evaluate/evaluation-contexts.ts"
import type { Opened } from "../../stage/input.ts"
import { estimated } from "../../stage/metric.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { ablateNeurons } from "./ablate-neurons.ts"
import { answering, leastDocuments, neuronRises, type Rise } from "./neuron-rises.ts"
import { neuronWeights } from "./neuron-weights.ts"
import { placedToken } from "./question-rows.ts"
import { answerOf } from "./row-questions.ts"

interface AblateNeuronsParams {
  readonly contexts: number
  readonly others: number
  readonly seed: number
}

interface AblateNeuronsInputs {
  readonly probing: Opened<ProbingFile>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

/** Means of the hook's numbers over the training rows. */
const meansOf = Effect.fnUntraced(function* (activations: ActivationsHandle) {
  const { train } = yield* openActivations(activations)
  const mean = new Float64Array(activations.d_in)
  for (let b = 0; b < train.batches; b++) {
    const { activation } = yield* train.readBatch(b)
    for (let i = 0; i < activation.length; i++) mean[i % mean.length]! += activation[i]! / train.rows
  }
  return mean
})

/** The one number of the activation that tells it best, by the probe. */
const bestNeuron = ({ probes }: ProbedTask): number | undefined =>
  probes.find(({ features, k }) => features === "basis" && k === 1)?.chosen[0]

/** Share of the values that are below, ties half. */
const percentile = (values: Float64Array, value: number): number =>
  values.reduce((sum, each) => sum + (each < value ? 1 : each === value ? 0.5 : 0), 0) / values.length

export const ablateNeuronsStage = Effect.fn("ablateNeuronsStage")(function* ({
  inputs,
  params,
  output,
  progress,
  log
}: StageContext<AblateNeuronsParams, unknown, AblateNeuronsInputs>) {
  const [probing, activations, language] = [inputs.probing.value, inputs.activations.value, inputs.model.value]
  yield* requireModelOf(activations, language)
  yield* requireHeldOut(activations)
  yield* requireTrainingRows(activations)
  if (probing.model !== language.digest || probing.hook !== activations.hook) {
    return yield* stageFailed(
      `the probes are of ${probing.hook}, the activations of ${activations.hook}${probing.model === language.digest ? "" : " of another model"}`,
      "Give those that were probed."
    )
  }
  const model = yield* openModel(language)
  const point = findHook(activations.hook, model.info)
  if (typeof point === "string") return yield* stageFailed(point)
  const tasks = probing.tasks.flatMap((task) => {
    const neuron = bestNeuron(task)
    return task.question === undefined || neuron === undefined ? [] : [{ ...task, question: task.question, neuron }]
  })
  if (tasks.length === 0) {
    return yield* stageFailed("no probe of one number of the activation is about tokens", "Probe tasks, with 1 in ks.")
  }
  const { contexts } = yield* evaluationContexts(activations, params.contexts)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const names = yield* activations.contexts.documentNames
  const chosen = [...new Set(tasks.map(({ neuron }) => neuron))]
  const rest = Array.from(Rng.make(params.seed, "other neurons").permutation(activations.d_in))
    .filter((neuron) => !chosen.includes(neuron))
    .slice(0, params.others)
  // Predictions in the order of the losses.
  const places = contexts.flatMap(({ ids, documents, counted }) =>
    Array.from(counted.keys())
      .filter((p) => counted[p] === 1)
      .map((p) => ({ token: placedToken(tokenizer, names, { ids, documents }, p, p), document: documents[p]! }))
  )
  const documentsOf = places.map(({ document }) => document)
  const answered = tasks.map((task) => {
    const answer = answerOf(task.question)
    return { task, answers: places.map(({ token }) => answer(token)) }
  })
  const [few] = answered.flatMap(({ task, answers }) =>
    [true, false].flatMap((wanted) => {
      const documents = answering(answers, documentsOf, wanted)
      return documents < leastDocuments ? [{ name: task.name, documents, answer: wanted ? "yes" : "no" }] : []
    })
  )
  if (few !== undefined) {
    return yield* stageFailed(
      `${few.name}: of the held-out documents in ${contexts.length} contexts ${few.documents} answer ${few.answer}, an interval wants ${leastDocuments}`,
      "Raise contexts, hold out more documents, or leave the task out."
    )
  }
  const means = yield* meansOf(activations)
  const { clean, ablated } = yield* ablateNeurons(
    model,
    { hook: activations.hook, layer: point.layer, mean: means },
    [...chosen, ...rest],
    contexts,
    (done) => progress({ done, total: contexts.length, unit: "contexts" })
  )
  const rises = ablated.map((losses) => losses.map((loss, i) => loss - clean[i]!))
  const asked = answered.map((each) => ({ ...each, rise: rises[chosen.indexOf(each.task.neuron)]! }))

  const lossWhereYes = asked.map(({ answers }) => mean([...clean].filter((_, i) => answers[i] === true)))
  const { documents, told, overall, untold } = neuronRises(
    asked.map(({ answers, rise }) => ({ answers, rise })),
    rises.slice(chosen.length),
    documentsOf,
    params.seed
  )
  if (untold.length > 0) {
    return yield* stageFailed(
      `of ${untold.map((n) => asked[n]!.task.name).join(", ")} too few of ${documents} held-out documents answer yes, or no, for an interval`,
      "Raise contexts, hold out more documents, or leave the task out."
    )
  }
  const own = told.filter(({ dedicated }) => dedicated).length

  const weights = /\.mlp\.hook_(pre|post)$/.test(activations.hook) ? neuronWeights(model, point.layer) : undefined
  // Without biases, as in gated MLPs, norm and bias are no fingerprint.
  const biased = weights?.bias.some((bias) => bias !== 0) === true
  const products = biased ? weights.norm.map((norm, i) => norm * weights.bias[i]!) : undefined
  const drawn = chosen.map((neuron) => (products === undefined ? Number.NaN : percentile(products, products[neuron]!)))
  const byNeuron = bootstrapIntervals(
    [chosen.length],
    (times) => ({ norm_bias: drawn.reduce((sum, share, i) => sum + times[i]! * share, 0) / chosen.length }),
    Rng.make(params.seed, "intervals over neurons")
  )
  const file: FiguresFile = {
    format: 1,
    title: `Neurons of ${activations.hook} that tell what tokens are, ablated`,
    note: `Of each task the one neuron that a probe takes, held at its mean: how much the model's loss rises where the answer is yes, and where it is no, in nats a token on ${places.length} held-out tokens; beside it the mean of ${rest.length} other neurons where the answer is yes.`,
    charts:
      weights === undefined || !biased
        ? []
        : [
            {
              title: "What neurons read",
              x: { label: "norm of the input weights", log: false },
              y: { label: "bias", log: false },
              series: [
                {
                  name: "all",
                  line: false,
                  points: Array.from(weights.norm, (x, i) => ({ x, y: weights.bias[i]! }))
                },
                {
                  name: "of a task",
                  line: false,
                  points: chosen.map((i) => ({ x: weights.norm[i]!, y: weights.bias[i]! }))
                }
              ]
            }
          ],
    tables: [
      {
        title: "Tasks",
        columns: [
          "task",
          "neuron",
          "loss where yes",
          "rise where yes",
          "rise where no",
          "other neurons",
          "its own context",
          "norm x bias, percentile"
        ],
        rows: asked.map(({ task }, i) => [
          task.name,
          task.neuron,
          lossWhereYes[i]!,
          told[i]!.inside.value,
          told[i]!.outside.value,
          told[i]!.others.value,
          told[i]!.dedicated ? "yes" : "no",
          products === undefined ? null : drawn[chosen.indexOf(task.neuron)]!
        ])
      }
    ]
  }
  yield* output.writeJson(figuresFileName, file)
  yield* output.writeJson(
    "neurons.json",
    asked.map(({ task }, i) => ({ task: task.name, neuron: task.neuron, loss: lossWhereYes[i]!, ...told[i]! }))
  )
  log(`${own} of ${tasks.length} tasks have a neuron of their own`)
  const estimate = ({ value, interval }: Rise) => estimated(value, interval)
  return {
    loss_inside: mean(lossWhereYes),
    rise_inside: estimate(overall.inside),
    rise_outside: estimate(overall.outside),
    rise_others: estimate(overall.others),
    difference: estimate(overall.difference),
    dedicated: estimated(
      own / tasks.length,
      shareInterval(own, tasks.length, Rng.make(params.seed, "intervals over tasks"))
    ),
    ...(products === undefined
      ? {
          norm_bias: { unmeasured: `${activations.hook} has no ${weights === undefined ? "input weights" : "biases"}` }
        }
      : { norm_bias: estimated(mean(drawn), byNeuron["norm_bias"]) }),
    tasks: tasks.length
  }
}, Effect.scoped)
