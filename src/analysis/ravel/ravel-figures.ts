/** Scores of one attribute's mask, and of all: sums over pairs by base entity, so that entities can be drawn. */
import type { EntityPair } from "./entity-pairs.ts"

/** Of the pairs of each kind: share whose completion says what it should. */
export interface SwapScores {
  readonly cause: number
  readonly isolation: number
}

export const disentanglement = ({ cause, isolation }: SwapScores): number => (cause + isolation) / 2

/** @param says of each pair; @returns scores, by how often each entity was drawn */
export const swapScores =
  (pairs: ReadonlyArray<EntityPair>, says: ReadonlyArray<number>) =>
  (times: ArrayLike<number>): SwapScores => {
    const share = (cause: boolean): number => {
      let [sum, count] = [0, 0]
      for (const [n, pair] of pairs.entries()) {
        if (pair.cause !== cause) continue
        const drawn = times[pair.base.entity]!
        sum += drawn * says[n]!
        count += drawn
      }
      return sum / count
    }
    return { cause: share(true), isolation: share(false) }
  }

/** The mean over attributes. */
export const meanScores = (scores: ReadonlyArray<SwapScores>): SwapScores => {
  const mean = (of: (scores: SwapScores) => number) => scores.reduce((sum, each) => sum + of(each), 0) / scores.length
  return { cause: mean(({ cause }) => cause), isolation: mean(({ isolation }) => isolation) }
}
