/** The sign that the latents of a letter were chosen by a probe that did not reach its minimum. */

/** @returns a sentence, or none. `gap` is null where nothing bounds it. */
export const unconverged = (gap: number | null, tolerance: number): ReadonlyArray<string> =>
  gap === null || gap <= tolerance
    ? []
    : [
        `the probe that selects latents ends ${gap.toExponential(1)} above its minimum, not ${tolerance.toExponential(1)}`
      ]
