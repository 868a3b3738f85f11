/** Numbers in a row of what stands above a stage, as far as that is known before it runs. */
import * as Effect from "effect/Effect"
import type { Metrics } from "../artifact/artifact.ts"
import type { Upstream } from "../stage/upstream.ts"

/** The largest; undefined where none is known. */
export const knownWidth = (upstream: Readonly<Record<string, ReadonlyArray<Upstream>>>): number | undefined => {
  const made = Object.values(upstream).flat()
  const widths = made.map(({ metrics, params }) => metrics?.["d_in"] ?? params["d_in"])
  const known = widths.filter((width) => typeof width === "number")
  return known.length === 0 ? undefined : Math.max(...known)
}

/** What a stage foresees whose rows are as wide as those above. */
export const foreseeWidth = ({
  upstream
}: {
  readonly upstream: Readonly<Record<string, ReadonlyArray<Upstream>>>
}): Effect.Effect<Metrics> =>
  Effect.sync(() => {
    const width = knownWidth(upstream)
    return width === undefined ? {} : { d_in: width }
  })
