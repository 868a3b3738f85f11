/** Disjoint test sets that share out every class evenly: with 5 folds, 5 splits 80/20, each item tested once. */
import * as Rng from "../random/rng.ts"

/** @returns for every item the fold, 0 to folds - 1, in which it is a test item */
export const stratifiedFolds = (labels: ArrayLike<number>, folds: number, seed: number): Uint8Array<ArrayBuffer> => {
  if (!Number.isInteger(folds) || folds < 2 || folds > 255) throw new RangeError(`folds must be 2 to 255, not ${folds}`)
  const byClass = new Map<number, Array<number>>()
  for (let i = 0; i < labels.length; i++) {
    const members = byClass.get(labels[i]!)
    if (members === undefined) byClass.set(labels[i]!, [i])
    else members.push(i)
  }
  const fold = new Uint8Array(labels.length)
  // Classes go on where the last one stopped: the folds stay equal in size whatever the classes' sizes are.
  let next = 0
  for (const label of [...byClass.keys()].toSorted((a, b) => a - b)) {
    const members = byClass.get(label)!
    for (const place of Rng.make(seed, `fold of class ${label}`).permutation(members.length)) {
      fold[members[place]!] = next
      next = (next + 1) % folds
    }
  }
  return fold
}
