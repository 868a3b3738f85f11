/** Probes of every task on the latents of an SAE and on the activation's own numbers, and on each with shuffled labels. */
import type { ProbedTask, ProbingFile, SparseProbe } from "../../kinds/probing.ts"
import { toldIntervals } from "../../artifact/intervals.ts"
import { bootstrapIntervals, type Interval } from "../../numeric/bootstrap.ts"
import { accuracy, drawnF1, f1 } from "../../numeric/f1.ts"
import { drawnAuc, roc } from "../../numeric/roc.ts"
import * as Rng from "../../random/rng.ts"
import { columnsOf, type Features } from "./features.ts"
import { fitProbe, leastTrainingRows, probeScores } from "./fit-probe.ts"
import { type Ranking, rankFeatures } from "./rank-features.ts"

/** Training rows at most, as in sae-probes. */
export const mostTrainingRows = 1024
/** Test rows below which a task says nothing. */
const leastTestRows = 64

/** Rows of a task, yes and no in turn, as many of each. */
const balanced = (
  rows: ReadonlyArray<number>,
  answers: ProbingTask["answers"],
  rng: Rng.Rng,
  most: number
): ReadonlyArray<number> => {
  const shuffled = Array.from(rng.permutation(rows.length), (i) => rows[i]!)
  const [yes, no] = [true, false].map((wanted) => shuffled.filter((row) => answers[row] === wanted))
  const each = Math.min(yes!.length, no!.length, most / 2)
  return Array.from({ length: each }, (_, i) => [yes![i]!, no![i]!]).flat()
}

/** Rows that a task's probes are fitted to, and those that they are tested on. */
export const taskRows = (
  { answers }: ProbingTask,
  heldOut: ReadonlyArray<boolean>,
  rng: Rng.Rng
): readonly [trained: ReadonlyArray<number>, tested: ReadonlyArray<number>] => {
  const of = (tests: boolean) => {
    const asked = answers.flatMap((answer, row) => (answer !== undefined && heldOut[row] === tests ? [row] : []))
    return balanced(asked, answers, rng, mostTrainingRows)
  }
  const trained = of(false)
  return [trained, of(true)]
}

/** The draws of a task: its rows first. */
export const taskRng = (seed: number, { name }: Pick<ProbingTask, "name">): Rng.Rng => Rng.make(seed, `probing ${name}`)

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

/** A yes/no question, with the answer at every row; undefined: it is not asked there. */
export interface ProbingTask {
  readonly name: string
  readonly answers: ReadonlyArray<boolean | undefined>
}

export interface ProbeOptions {
  readonly seed: number
  /** Features of a probe, ascending. */
  readonly ks: ReadonlyArray<number>
  readonly ranking: Ranking
  /** Features that the exact ranking chooses of. */
  readonly among: number
}

export interface ProbedTasks {
  readonly tasks: ReadonlyArray<ProbedTask>
  readonly leftOut: ReadonlyArray<string>
  readonly documents: ProbingFile["documents"]
  /**
   * Means over tasks, with intervals over test documents: `auc_k<k>` and `f1_k<k>` of latents, `auc_basis_k<k>`,
   * `auc_shuffled_k<k>` and so on; `gain_k<k>`, latents' AUC less the basis'; `spread` and `spread_basis`, what the largest k adds to
   * the F1 of the smallest.
   */
  readonly means: Readonly<Record<string, number>>
  readonly intervals: Readonly<Record<string, Interval | undefined>>
}

/** Latents are what a figure without another name is of: `auc_k1`, `auc_basis_k1`. */
const nameOf = (features: SparseProbe["features"], k: number): string =>
  features === "latents" ? `k${k}` : `${features}_k${k}`

/**
 * @param document of each row
 * @param heldOut of each row, whether it is tested on: alike for all rows of a document
 */
export const probeTasks = (
  document: ReadonlyArray<number>,
  heldOut: ReadonlyArray<boolean>,
  tasks: ReadonlyArray<ProbingTask>,
  features: { readonly latents: Features; readonly basis: Features },
  { seed, ks, ranking, among }: ProbeOptions,
  onTask: (done: number) => void = () => {}
): ProbedTasks => {
  const documents = new Set(document)
  const test = new Map([...new Set(document.filter((_, row) => heldOut[row]))].map((each, unit) => [each, unit]))
  const all: Array<Scored> = []
  const leftOut: Array<string> = []
  const done: Array<Omit<ProbedTask, "intervals">> = []

  for (const [t, task] of tasks.entries()) {
    const { answers } = task
    const rng = taskRng(seed, task)
    const [trained, tested] = taskRows(task, heldOut, rng)
    onTask(t + 1)
    if (trained.length < leastTrainingRows || tested.length < leastTestRows) {
      leftOut.push(task.name)
      continue
    }
    const truth = trained.map((row) => answers[row] === true)
    const shuffled = unrelated(truth, rng)
    const expected = tested.map((row) => answers[row] === true)
    const units = tested.map((row) => test.get(document[row]!)!)
    // Tested on the truth, a probe of chance labels whose features know the truth would be far from one half, on either side: how far
    // depends on the one order drawn, and no number of test rows makes it less.
    const unknown = unrelated(expected, rng)
    const kinds = [
      { name: "latents", from: features.latents, labels: truth, answers: expected },
      { name: "basis", from: features.basis, labels: truth, answers: expected },
      { name: "shuffled", from: features.latents, labels: shuffled, answers: unknown },
      { name: "shuffled_basis", from: features.basis, labels: shuffled, answers: unknown }
    ] as const
    const probes = kinds.flatMap(({ name, from, labels, answers: asked }) => {
      const first = rankFeatures(ranking, from, trained, labels, among)
      return ks.map((k): SparseProbe => {
        const chosen = first(k)
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

  const names = kindNames.flatMap((name) => ks.map((k) => nameOf(name, k)))
  const [least, most] = [ks[0]!, ks.at(-1)!]
  const statistics = (times: Int32Array): Record<string, number> => {
    const values: Record<string, number> = {}
    for (const { name, scores, positive, unit } of all) {
      const drawn = unit.map((u) => times[u]!)
      values[`auc ${name}`] = drawnAuc(scores, positive, drawn)
      values[`f1 ${name}`] = drawnF1(scores, positive, drawn)
    }
    for (const figure of figures) {
      for (const name of names) {
        const sum = done.reduce((total, task) => total + values[`${figure} ${task.name} ${name}`]!, 0)
        values[`${figure}_${name}`] = sum / done.length
      }
    }
    for (const k of ks) {
      values[`gain_k${k}`] = values[`auc_${nameOf("latents", k)}`]! - values[`auc_${nameOf("basis", k)}`]!
    }
    values["spread"] = values[`f1_${nameOf("latents", most)}`]! - values[`f1_${nameOf("latents", least)}`]!
    values["spread_basis"] = values[`f1_${nameOf("basis", most)}`]! - values[`f1_${nameOf("basis", least)}`]!
    return values
  }
  const intervals =
    done.length === 0 ? {} : bootstrapIntervals([test.size], statistics, Rng.make(0, "intervals of probing"))
  const whole = statistics(new Int32Array(test.size).fill(1))
  const own = new Set(all.flatMap(({ name }) => figures.map((figure) => `${figure} ${name}`)))
  return {
    tasks: done.map((task) => ({
      ...task,
      intervals: toldIntervals(
        Object.fromEntries(
          figures.flatMap((figure) =>
            names.map((name) => [`${figure}_${name}`, intervals[`${figure} ${task.name} ${name}`]])
          )
        )
      )
    })),
    leftOut,
    documents: { train: documents.size - test.size, test: test.size },
    means: Object.fromEntries(Object.entries(whole).filter(([name]) => !own.has(name))),
    intervals
  }
}

const kindNames = ["latents", "basis", "shuffled", "shuffled_basis"] as const
const figures = ["auc", "f1"] as const
