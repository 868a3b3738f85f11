/** Classification scores. */

/** 2 TP / (2 TP + FP + FN); 0 where nothing is predicted and nothing is there. */
export const f1 = (positive: ArrayLike<boolean | number>, predicted: ArrayLike<boolean | number>): number => {
  let tp = 0
  let wrong = 0
  for (let i = 0; i < positive.length; i++) {
    const truth = Boolean(positive[i])
    const guess = Boolean(predicted[i])
    if (truth && guess) tp++
    else if (truth !== guess) wrong++
  }
  return tp === 0 ? 0 : (2 * tp) / (2 * tp + wrong)
}

/**
 * The mean F1 of yes and of no, of scores that say yes above zero, each counted `times`. Where there are as many of yes as of no, guessing gives
 * a half at most, by even odds; one answer for all gives a third, so that rare guesses of yes are below a half with nothing wrong.
 *
 * @returns NaN where a class is empty
 */
export const drawnF1 = (
  scores: ReadonlyArray<number>,
  positive: ReadonlyArray<number>,
  times: ReadonlyArray<number>
): number => {
  let [tp, tn, wrong, yes, no] = [0, 0, 0, 0, 0]
  for (let i = 0; i < scores.length; i++) {
    const truth = positive[i]! > 0
    if (truth) yes += times[i]!
    else no += times[i]!
    if (truth !== scores[i]! > 0) wrong += times[i]!
    else if (truth) tp += times[i]!
    else tn += times[i]!
  }
  if (yes === 0 || no === 0) return Number.NaN
  return tp / (2 * tp + wrong) + tn / (2 * tn + wrong)
}

/** F1 of each class against the rest. */
export const f1PerClass = (labels: ArrayLike<number>, predicted: ArrayLike<number>, classes: number): Array<number> =>
  Array.from({ length: classes }, (_, k) =>
    f1(
      Array.from(labels, (label) => label === k),
      Array.from(predicted, (label) => label === k)
    )
  )

/** Share of equal entries; 0 of none. */
export const accuracy = (labels: ArrayLike<number>, predicted: ArrayLike<number>): number => {
  let right = 0
  for (let i = 0; i < labels.length; i++) if (labels[i] === predicted[i]) right++
  return labels.length === 0 ? 0 : right / labels.length
}
