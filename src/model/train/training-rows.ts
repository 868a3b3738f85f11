/**
 * The rows that a language model is trained on: text windows, spelling drills, or a text window and then drills.
 *
 * Every batch is a function of (seed, step) alone, so that training goes on after an interruption with the same rows and
 * nothing about the data stands in a checkpoint.
 */
import * as Rng from "../../random/rng.ts"
import type { DrillForm, DrillWord } from "./drill-lines.ts"
import type { TrainingBatch } from "./gpt2-gradients.ts"

/** What rows are made of during a part of the training. */
export interface RowPhase {
  /** Share of the steps at which the phase ends; the last phase ends at 1. */
  readonly until: number
  /** Share of rows that are text only, and of rows that are text and then drills; the rest are drills only. */
  readonly textRows: number
  readonly mixedRows: number
  /** Shares of drill lines by form; they sum to 1. */
  readonly forms: Readonly<Record<DrillForm, number>>
  /** Weight in the loss of the letter that a drill asks for, by form (a spelled word's letters weigh 1). */
  readonly letterWeight: Readonly<Record<"first_letter" | "bare", number>>
}

export interface RowOptions {
  readonly seed: number
  readonly steps: number
  /** Rows of one batch. */
  readonly batch: number
  /** Tokens of one row. */
  readonly context: number
  readonly phases: ReadonlyArray<RowPhase>
  /** Weight in the loss of the word that a drill line begins with: it is drawn at random and cannot be known. */
  readonly wordWeight: number
  /** Words in the pool at first. Without a small pool at first the loss stays on a plateau for thousands of steps. */
  readonly firstPool: number
  /** Share of the steps for which the pool stays so, and at which it has grown, exponentially, to all words. */
  readonly poolHold: number
  readonly poolFull: number
}

/** What a target is, for logging. */
export const targetKind = { text: 0, letter: 1, bareLetter: 2, otherDrill: 3 } as const

export interface LabelledBatch extends TrainingBatch {
  readonly kinds: Uint8Array
}

export interface TrainingRows {
  readonly at: (step: number) => LabelledBatch
  /** Size of the pool of words at a step. */
  readonly poolSize: (step: number) => number
}

interface Pool {
  readonly all: ReadonlyArray<DrillWord>
  readonly drilled: ReadonlyArray<DrillWord>
}

interface Row {
  readonly tokens: Int32Array
  readonly weights: Float32Array
  readonly kinds: Uint8Array
  used: number
}

/**
 * @param text training text as token ids, documents separated by `endOfText`
 * @param words words for drills in the order in which they enter the pool; none: text only
 * @param newline token that ends a line
 */
export const trainingRows = (
  text: Int32Array,
  words: ReadonlyArray<DrillWord>,
  endOfText: number,
  newline: number,
  options: RowOptions
): TrainingRows => {
  const { context, batch, seed } = options
  const inDrills = words.filter(({ role }) => role !== "unseen")
  const textOnly = inDrills.length === 0
  // A row holds context + 1 tokens: the first `context` are read, the last `context` are predicted.
  const window = context
  const windows = Math.floor((text.length - window) / window)
  if (windows < 1) throw new RangeError(`text of ${text.length} tokens is shorter than two contexts of ${context}`)

  const poolSize = (step: number): number => {
    if (textOnly) return 0
    const done = step / options.steps
    const grown = Math.min(1, Math.max(0, (done - options.poolHold) / (options.poolFull - options.poolHold)))
    const first = Math.min(options.firstPool, inDrills.length)
    return Math.round(first * (inDrills.length / first) ** grown)
  }

  let epochOrder: { readonly epoch: number; readonly order: Uint32Array; readonly shift: number } | undefined
  const windowStart = (index: number): number => {
    const epoch = Math.floor(index / windows)
    if (epochOrder?.epoch !== epoch) {
      const rng = Rng.make(seed, `text windows ${epoch}`)
      epochOrder = { epoch, shift: rng.int(window), order: rng.permutation(windows) }
    }
    return (epochOrder.order[index % windows] as number) * window + epochOrder.shift
  }

  const put = (row: Row, token: number, weight: number, kind: number): void => {
    if (row.used > context) return
    row.tokens[row.used] = token
    row.weights[row.used] = weight
    row.kinds[row.used] = kind
    row.used++
  }
  const putText = (row: Row, start: number, length: number): void => {
    for (let i = 0; i < length; i++) put(row, text[start + i] as number, 1, targetKind.text)
  }
  const putLine = (row: Row, { lines }: DrillWord, form: DrillForm, { letterWeight }: RowPhase): void => {
    const line = lines[form]
    const letterAt = form === "first_letter" ? line.length - 2 : form === "bare" ? 1 : -1
    for (let i = 0; i < line.length; i++) {
      const weight = i === 0 ? options.wordWeight : i === letterAt && form !== "spelled" ? letterWeight[form] : 1
      const kind =
        i !== letterAt ? targetKind.otherDrill : form === "first_letter" ? targetKind.letter : targetKind.bareLetter
      put(row, line[i] as number, weight, kind)
    }
  }
  const putDrills = (row: Row, pool: Pool, phase: RowPhase, rng: Rng.Rng): void => {
    const { first_letter: firstLetter, spelled } = phase.forms
    while (row.used <= context) {
      const u = rng.float()
      const form: DrillForm = u < firstLetter ? "first_letter" : u < firstLetter + spelled ? "spelled" : "bare"
      const from = form === "spelled" ? pool.all : pool.drilled
      putLine(row, from[rng.int(from.length)] as DrillWord, form, phase)
    }
  }
  const phaseAt = (step: number): RowPhase => {
    const found = options.phases.find(({ until }) => step < until * options.steps) ?? options.phases.at(-1)
    if (found === undefined) throw new RangeError("there is no phase of training rows")
    return found
  }

  const at = (step: number): LabelledBatch => {
    const rng = Rng.make(seed, `rows ${step}`)
    const phase = phaseAt(step)
    const all = inDrills.slice(0, poolSize(step))
    const pool: Pool = { all, drilled: all.filter(({ role }) => role === "drilled") }
    const n = batch * context
    const tokens = new Int32Array(n)
    const targets = new Int32Array(n)
    const weights = new Float32Array(n)
    const kinds = new Uint8Array(n)
    for (let r = 0; r < batch; r++) {
      const row: Row = {
        tokens: new Int32Array(context + 1),
        weights: new Float32Array(context + 1),
        kinds: new Uint8Array(context + 1),
        used: 0
      }
      const start = windowStart(step * batch + r)
      const u = textOnly ? 0 : rng.float()
      put(row, endOfText, 0, targetKind.text)
      if (u < phase.textRows || textOnly) putText(row, start, context)
      else {
        if (u < phase.textRows + phase.mixedRows) {
          putText(row, start, Math.floor(context / 6) + rng.int(Math.floor((2 * context) / 3)))
          put(row, newline, 0, targetKind.otherDrill)
        }
        putDrills(row, pool, phase, rng)
      }
      tokens.set(row.tokens.subarray(0, context), r * context)
      targets.set(row.tokens.subarray(1), r * context)
      weights.set(row.weights.subarray(1), r * context)
      kinds.set(row.kinds.subarray(1), r * context)
    }
    return { batch, time: context, tokens, targets, weights, kinds }
  }
  return { at, poolSize }
}
