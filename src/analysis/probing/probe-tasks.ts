/** Probes of every task on the latents of an SAE, on the activation's own numbers, and on latents with shuffled labels. */
import type { ProbedTask, ProbingFile, SparseProbe } from "../../kinds/probing.ts"
import { toldIntervals } from "../../artifact/intervals.ts"
import { bootstrapIntervals, type Interval } from "../../numeric/bootstrap.ts"
import { accuracy, f1 } from "../../numeric/f1.ts"
import { drawnAuc, roc } from "../../numeric/roc.ts"
import * as Rng from "../../random/rng.ts"
import { byMeanDifference, columnsOf, type Features } from "./features.ts"
import { fitProbe, leastTrainingRows, probeScores } from "./fit-probe.ts"
import type { WordPrompt } from "../word-prompts.ts"
import type { WordTask } from "./word-tasks.ts"

/** Features of a probe. */
export const probeSizes = [1, 16] as const
/** Training rows at most, as in sae-probes. */
const mostTrainingRows = 1024
/** Test rows below which a task says nothing. */
const leastTestRows = 64

/** Rows of a task, yes and no in turn, as many of each. */
const balanced = (rows: ReadonlyArray<number>, answers: ReadonlyMap<number, boolean>, rng: Rng.Rng, most: number) => {
  const shuffled = Array.from(rng.permutation(rows.length), (i) => rows[i]!)
  const [yes, no] = [true, false].map((wanted) => shuffled.filter((row) => answers.get(row) === wanted))
  const each = Math.min(yes!.length, no!.length, most / 2)
  return Array.from({ length: each }, (_, i) => [yes![i]!, no![i]!]).flat()
}

/**
 * Labels that say nothing of the given ones: of every two pairs, one is exchanged. Drawn freely, more pairs would be right than wrong
 * by chance or the other way round, and every feature that knows the answer would be found with one and the same sign.
 */
const unrelated = (labels: ReadonlyArray<boolean>, rng: Rng.Rng): ReadonlyArray<boolean> => {
  const result = labels.slice()
  for (let i = 0; i < labels.length; i += 4) {
    const at = Math.min(i + 2 * rng.int(2), labels.length - 2)
    result[at] = labels[at + 1] === true
    result[at + 1] = labels[at] === true
  }
  return result
}

interface Scored {
  readonly name: string
  readonly scores: ReadonlyArray<number>
  readonly positive: ReadonlyArray<number>
  /** Unit of each. */
  readonly unit: ReadonlyArray<number>
}

const sorted = (
  name: string,
  scores: Float64Array,
  positive: ReadonlyArray<boolean>,
  units: ReadonlyArray<number>
): Scored => {
  const order = Array.from(scores.keys()).toSorted((a, b) => scores[b]! - scores[a]!)
  return {
    name,
    scores: order.map((i) => scores[i]!),
    positive: order.map((i) => (positive[i] === true ? 1 : 0)),
    unit: order.map((i) => units[i]!)
  }
}

export interface ProbedTasks {
  readonly tasks: ReadonlyArray<ProbedTask>
  readonly leftOut: ReadonlyArray<string>
  readonly documents: ProbingFile["documents"]
  /** Means over tasks: `auc_<features>_k<k>`, and `gain_k<k>`, latents less basis; with intervals over test documents. */
  readonly means: Readonly<Record<string, number>>
  readonly intervals: Readonly<Record<string, Interval | undefined>>
}

const nameOf = (features: SparseProbe["features"], k: number): string => `auc_${features}_k${k}`

/**
 * @param prompts one for each row of the features
 * @param testShare of the documents; no document is both trained and tested on
 */
export const probeTasks = (
  prompts: ReadonlyArray<WordPrompt>,
  tasks: ReadonlyArray<WordTask>,
  features: { readonly latents: Features; readonly basis: Features },
  { seed, testShare }: { readonly seed: number; readonly testShare: number },
  onTask: (done: number) => void = () => {}
): ProbedTasks => {
  const documents = [...new Set(prompts.map(({ document }) => document))]
  const order = Array.from(Rng.make(seed, "probing documents").permutation(documents.length), (i) => documents[i]!)
  const test = new Map(order.slice(0, Math.round(testShare * order.length)).map((document, unit) => [document, unit]))
  const rows = prompts.map((_, row) => row)
  const all: Array<Scored> = []
  const leftOut: Array<string> = []
  const done: Array<Omit<ProbedTask, "intervals">> = []

  for (const [t, task] of tasks.entries()) {
    const answers = new Map(
      prompts.flatMap((prompt, row) => {
        const answer = task.answer(prompt)
        return answer === undefined ? [] : [[row, answer] as const]
      })
    )
    const rng = Rng.make(seed, `probing ${task.name}`)
    const [trained, tested] = [false, true].map((heldOut) =>
      balanced(
        rows.filter((row) => answers.has(row) && test.has(prompts[row]!.document) === heldOut),
        answers,
        rng,
        mostTrainingRows
      )
    ) as [Array<number>, Array<number>]
    onTask(t + 1)
    if (trained.length < leastTrainingRows || tested.length < leastTestRows) {
      leftOut.push(task.name)
      continue
    }
    const truth = trained.map((row) => answers.get(row) === true)
    const shuffled = unrelated(truth, rng)
    const expected = tested.map((row) => answers.get(row) === true)
    const units = tested.map((row) => test.get(prompts[row]!.document)!)
    // Tested on the truth, a probe of chance labels whose features know the truth would be far from one half, on either side: how far
    // depends on the one order drawn, and no number of test rows makes it less.
    const unknown = unrelated(expected, rng)
    const kinds = [
      { name: "latents", from: features.latents, labels: truth, answers: expected },
      { name: "basis", from: features.basis, labels: truth, answers: expected },
      { name: "shuffled", from: features.latents, labels: shuffled, answers: unknown }
    ] as const
    const probes = kinds.flatMap(({ name, from, labels, answers: asked }) => {
      const ranked = byMeanDifference(from, trained, labels)
      return probeSizes.map((k): SparseProbe => {
        const chosen = ranked.slice(0, k)
        const probe = fitProbe(columnsOf(from, chosen, trained), labels)
        const scores = probeScores(probe, columnsOf(from, chosen, tested))
        all.push(sorted(`${task.name} ${nameOf(name, k)}`, scores, asked, units))
        const guessed = Array.from(scores, (score) => score > 0)
        const negatives = (given: ReadonlyArray<boolean>) => given.map((yes) => !yes)
        const correct = accuracy(asked.map(Number), guessed.map(Number))
        return {
          features: name,
          k,
          auc: roc(scores, asked).auc,
          accuracy: correct,
          f1: (f1(asked, guessed) + f1(negatives(asked), negatives(guessed))) / 2,
          chosen,
          weights: [...probe.weights],
          c: probe.c
        }
      })
    })
    done.push({ name: task.name, train: trained.length, test: tested.length, probes })
  }

  const names = kindNames.flatMap((name) => probeSizes.map((k) => nameOf(name, k)))
  const statistics = (times: Int32Array): Record<string, number> => {
    const values: Record<string, number> = {}
    for (const { name, scores, positive, unit } of all) {
      values[name] = drawnAuc(
        scores,
        positive,
        unit.map((u) => times[u]!)
      )
    }
    for (const name of names) {
      values[name] = done.reduce((sum, task) => sum + values[`${task.name} ${name}`]!, 0) / done.length
    }
    for (const k of probeSizes) values[`gain_k${k}`] = values[nameOf("latents", k)]! - values[nameOf("basis", k)]!
    return values
  }
  const intervals =
    done.length === 0 ? {} : bootstrapIntervals([test.size], statistics, Rng.make(0, "intervals of probing"))
  const whole = statistics(new Int32Array(test.size).fill(1))
  return {
    tasks: done.map((task) => ({
      ...task,
      intervals: toldIntervals(Object.fromEntries(names.map((name) => [name, intervals[`${task.name} ${name}`]])))
    })),
    leftOut,
    documents: { train: documents.length - test.size, test: test.size },
    means: Object.fromEntries([...names, ...probeSizes.map((k) => `gain_k${k}`)].map((name) => [name, whole[name]!])),
    intervals
  }
}

const kindNames = ["latents", "basis", "shuffled"] as const
