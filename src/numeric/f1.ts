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
