/** Why ablations at the word say nothing of absorption: they were not asked for, or the word's activation decides nothing. */

/** @param effect as `wordEffect`; null where ablations were not asked for */
export const rateUnmeasured = (effect: number | null, gap: number, hook: string): string | null => {
  if (effect === null) return "ablated_words is 0"
  // One latent cannot do more than all that the word carries.
  if (-effect >= gap) return null
  return (
    `at ${hook} the word's activation hardly decides the answer any more: the mean over words in its place changes the letter's ` +
    `margin by ${Number(effect.toFixed(2))} logits, an absorbing latent has to change it by -${gap}; take an earlier hook`
  )
}
