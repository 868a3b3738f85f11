/** How many features the probes of a file read: ascending, of all its tasks. */
export const probedKs = ({
  tasks
}: {
  readonly tasks: ReadonlyArray<{ readonly probes: ReadonlyArray<{ readonly k: number }> }>
}): ReadonlyArray<number> =>
  [...new Set(tasks.flatMap(({ probes }) => probes.map(({ k }) => k)))].toSorted((a, b) => a - b)
