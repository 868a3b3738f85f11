/** What a stage is given that ran out of something: twice as much as it asked for or was given, as far as there is as much. */
import type { JobFailed, Placement } from "../execute/executor.ts"
import type { Resources } from "../stage/resources.ts"

export interface More {
  readonly resources: Resources
  /** For people: "16 GiB of device memory". */
  readonly words: string
}

/** The driver keeps some of a GPU: who asked for this much of it had all of it. */
const NEARLY_ALL = 0.95

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

/**
 * Undefined where there is no more, or nobody can say how much more would be. Who said nothing of `vram` was given a GPU of
 * which half was free.
 */
export const moreOf = (
  resources: Resources,
  ranOutOf: JobFailed["ranOutOf"],
  largest: Placement["largest"],
  given?: JobFailed["given"]
): More | undefined => {
  if (ranOutOf === undefined) return undefined
  const most = largest[ranOutOf]
  const asked = given ?? resources[ranOutOf] ?? (ranOutOf === "vram" && most !== null ? most / 2 : undefined)
  if (asked === undefined || asked === 0 || (most !== null && asked >= most * NEARLY_ALL)) return undefined
  const next = Math.floor(Math.min(2 * asked, most ?? Number.POSITIVE_INFINITY))
  const what = ranOutOf === "vram" ? "device memory" : "memory"
  return { resources: { ...resources, [ranOutOf]: next }, words: `${gibibytes(next)} of ${what}` }
}
