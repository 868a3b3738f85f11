/** The run that a person names: its id, the beginning or end of one that no other has, or `latest`. */
import * as Effect from "effect/Effect"
import type { RunSummary } from "../../store/run-record.ts"
import { suggestOrList } from "../../words/did-you-mean.ts"
import { UsageError } from "./usage-error.ts"

/** @param runs newest first */
export const findRun = Effect.fn("findRun")(function* (runs: ReadonlyArray<RunSummary>, name: string, cache: string) {
  const exact = name === "latest" ? runs[0] : runs.find(({ id }) => id === name)
  if (exact !== undefined) return exact
  const near = runs.filter(({ id }) => name !== "" && (id.startsWith(name) || id.endsWith(name)))
  const [found] = near
  if (found !== undefined && near.length === 1) return found
  const ids = (near.length > 1 ? near : runs).map(({ id }) => id)
  const problem =
    near.length > 1
      ? `${name} may be any of ${near.length} runs: ${ids.slice(0, 8).join(", ")}`
      : runs.length === 0
        ? `there are no runs in ${cache}`
        : `there is no run ${name} in ${cache}${suggestOrList(name, ids)}`
  return yield* new UsageError({ problem })
})
