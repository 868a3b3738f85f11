/**
 * Explanations as classifiers: does the latent fire (at least at the threshold) where its patterns say so? Beside each
 * score stands what other latents' explanations reach on the same latent: the shuffled baseline.
 */
import type { Rng } from "../random/rng.ts"
import type { ClassifierScore, ConfusionCounts } from "./classifier-score.ts"
import { scoreClassifier } from "./classifier-score.ts"
import type { PositionIndex, TokenStream } from "./token-stream.ts"
import { textStart } from "./token-stream.ts"
import type { TokenTrie } from "./token-trie.ts"
import { predictActivation } from "./token-trie.ts"

/** Positions, ascending, at which the trie predicts at least `threshold` (a share of the maximum). */
export const predictedPositions = (
  trie: TokenTrie,
  stream: TokenStream,
  index: PositionIndex,
  threshold: number
): Int32Array<ArrayBuffer> => {
  const candidates =
    trie.pivots === undefined
      ? index.positions
      : Int32Array.from([...trie.pivots].flatMap((token) => [...index.withToken(token)])).toSorted()
  return candidates.filter(
    (position) => predictActivation(trie, stream.ids, position, textStart(stream, position)) >= threshold
  )
}

/** Both ascending. */
const sizeOfIntersection = (a: Int32Array, b: Int32Array): number => {
  let size = 0
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const x = a[i] as number
    const y = b[j] as number
    if (x === y) size++
    if (x <= y) i++
    if (y <= x) j++
  }
  return size
}

/** @param rows Positions looked at, of which `predicted` and `firing` (both ascending) are subsets. */
export const countConfusion = (predicted: Int32Array, firing: Int32Array, rows: number): ConfusionCounts => {
  const truePositives = sizeOfIntersection(predicted, firing)
  const falsePositives = predicted.length - truePositives
  const falseNegatives = firing.length - truePositives
  return {
    truePositives,
    falsePositives,
    falseNegatives,
    trueNegatives: rows - truePositives - falsePositives - falseNegatives
  }
}

export interface ScoredExplanation extends ConfusionCounts, ClassifierScore {
  /** Mean F1 of other latents' explanations on this latent's firings. */
  readonly shuffledF1: number
}

/** A permutation without a fixed point: nobody keeps the own explanation. Needs at least two. */
export const derangement = (n: number, rng: Rng): Uint32Array<ArrayBuffer> => {
  if (n < 2) throw new RangeError(`${n} explanations cannot be shuffled`)
  // A random cyclic order: each takes its successor's.
  const order = rng.permutation(n)
  const shuffled = new Uint32Array(n)
  for (let i = 0; i < n; i++) shuffled[order[i] as number] = order[(i + 1) % n] as number
  return shuffled
}

/**
 * @param predicted For each latent the positions that its explanation predicts.
 * @param firing For each latent the positions where it fires.
 * @param rows Positions looked at in all.
 * @param shuffles Derangements averaged for the baseline.
 * @returns Null for a latent that never fires here, or always: its recall or specificity is undefined. Where fewer
 *   than two explanations exist there is no baseline and all are null.
 */
export const scoreExplanations = (
  predicted: ReadonlyArray<Int32Array>,
  firing: ReadonlyArray<Int32Array>,
  rows: number,
  shuffles: number,
  rng: Rng
): ReadonlyArray<ScoredExplanation | null> => {
  if (predicted.length < 2) return predicted.map(() => null)
  const orders = Array.from({ length: shuffles }, () => derangement(predicted.length, rng))
  return firing.map((truth, i) => {
    if (truth.length === 0 || truth.length === rows) return null
    const counts = countConfusion(predicted[i] as Int32Array, truth, rows)
    let sum = 0
    for (const order of orders) {
      sum += scoreClassifier(countConfusion(predicted[order[i] as number] as Int32Array, truth, rows)).f1
    }
    return { ...counts, ...scoreClassifier(counts), shuffledF1: sum / shuffles }
  })
}
