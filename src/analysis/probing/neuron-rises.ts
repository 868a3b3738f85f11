/** Where a model's loss rises without the neuron of a task: where the answer is yes, where it is no, and beside other neurons. */
import { bootstrapIntervals, type Interval } from "../../numeric/bootstrap.ts"
import { mean } from "../../numeric/mean.ts"
import * as Rng from "../../random/rng.ts"

export interface AskedNeuron {
  /** Of each prediction; undefined: not asked there. */
  readonly answers: ReadonlyArray<boolean | undefined>
  /** Nats that the prediction's loss rises by without the neuron. */
  readonly rise: Float64Array
}

export interface Rise {
  /** Mean, nats a token. */
  readonly value: number
  /** Over documents; undefined where it cannot be told, or where nothing varies. */
  readonly interval: Interval | undefined
}

const figures = ["inside", "outside", "others", "difference"] as const
type Rises = Readonly<Record<(typeof figures)[number], Rise>>

export interface NeuronRises {
  /** That predictions come from. */
  readonly documents: number
  /**
   * Of each task. `dedicated`: the loss rises inside, by more than outside, both beyond their intervals, and by more than without any
   * of the other neurons.
   */
  readonly told: ReadonlyArray<Rises & { readonly dedicated: boolean }>
  /** Means over the tasks. */
  readonly overall: Rises
  /** Tasks of which it cannot be told, for want of documents that answer yes, or no. A neuron that never acts has a rise of exactly 0. */
  readonly untold: ReadonlyArray<number>
}

/** With fewer that answer yes, or no, more than one in twenty draws of documents have none of them. */
export const leastDocuments = 3

/** Documents with a prediction whose answer is the one wanted. */
export const answering = (answers: AskedNeuron["answers"], documents: ReadonlyArray<number>, wanted: boolean): number =>
  new Set(documents.filter((_, i) => answers[i] === wanted)).size

/**
 * @param asked of each task, at least one
 * @param controls rises without each of the other neurons, at least one
 * @param documents of each prediction
 */
export const neuronRises = (
  asked: ReadonlyArray<AskedNeuron>,
  controls: ReadonlyArray<Float64Array>,
  documents: ReadonlyArray<number>,
  seed: number
): NeuronRises => {
  const units = new Map([...new Set(documents)].map((document, unit) => [document, unit]))
  const unit = documents.map((document) => units.get(document)!)
  const meanRise = (
    rise: Float64Array,
    answers: AskedNeuron["answers"],
    wanted: boolean,
    times: ArrayLike<number>
  ): number => {
    let [sum, count] = [0, 0]
    for (const [i, answer] of answers.entries()) {
      if (answer !== wanted) continue
      sum += times[unit[i]!]! * rise[i]!
      count += times[unit[i]!]!
    }
    return sum / count
  }
  const statistics = (times: ArrayLike<number>): Record<string, number> => {
    const each = asked.map(({ answers, rise }) => {
      const [inside, outside] = [meanRise(rise, answers, true, times), meanRise(rise, answers, false, times)]
      const others = mean(controls.map((other) => meanRise(other, answers, true, times)))
      return { inside, outside, others, difference: inside - outside }
    })
    return Object.fromEntries(
      figures.flatMap((name) => [
        ...each.map((task, n) => [`${name} ${n}`, task[name]] as const),
        [name, mean(each.map((task) => task[name]))] as const
      ])
    )
  }
  const once = new Int32Array(units.size).fill(1)
  const found = statistics(once)
  const intervals = bootstrapIntervals([units.size], statistics, Rng.make(seed, "intervals over documents"))
  const risesOf = (ending: string): Rises => {
    const of = (name: string): Rise => ({ value: found[name + ending]!, interval: intervals[name + ending] })
    return { inside: of("inside"), outside: of("outside"), others: of("others"), difference: of("difference") }
  }
  const told = asked.map(({ answers }, n) => {
    const rises = risesOf(` ${n}`)
    const above = ({ interval }: Rise): boolean => interval !== undefined && interval.low > 0
    const most = Math.max(...controls.map((other) => meanRise(other, answers, true, once)))
    return { ...rises, dedicated: above(rises.inside) && above(rises.difference) && rises.inside.value > most }
  })
  const isUntold = ({ value, interval }: Rise): boolean => interval === undefined && value !== 0
  return {
    documents: units.size,
    told,
    overall: risesOf(""),
    untold: told.flatMap(({ inside, difference }, n) => (isUntold(inside) || isUntold(difference) ? [n] : []))
  }
}
