/** Slopes of a loss by numbers that it depends on, each moved up and down by `h` and put back. */
export const centralDifferences = (loss: () => number, values: Array<number>, h = 1e-6): Array<number> =>
  values.map((value, i) => {
    values[i] = value + h
    const above = loss()
    values[i] = value - h
    const below = loss()
    values[i] = value
    return (above - below) / (2 * h)
  })
