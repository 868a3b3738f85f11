/** 95 % intervals over the documents that probes are tested on; draws stay within the documents of one input. */
import { bootstrapIntervals } from "../../numeric/bootstrap.ts"
import type { Rng } from "../../random/rng.ts"
import type { ClassTexts } from "./class-texts.ts"

/**
 * @param documents number of all documents, of training too
 * @param statistics from how often each of them was drawn
 */
export const documentIntervals = (
  classes: ReadonlyArray<ClassTexts>,
  documents: number,
  statistics: (times: Int32Array) => Readonly<Record<string, number>>,
  rng: Rng
): ReturnType<typeof bootstrapIntervals> => {
  const tested = classes.map(({ test }) => [...new Set(test.map(({ document }) => document))])
  const order = tested.flat()
  return bootstrapIntervals(
    tested.map(({ length }) => length),
    (times) => {
      const drawn = new Int32Array(documents)
      for (const [n, document] of order.entries()) drawn[document] = times[n]!
      return statistics(drawn)
    },
    rng
  )
}
