/** What the page shows of latents without an explanation: from the dashboard of their SAE. */
import type { DashboardExample, DashboardLatent, Weighted } from "../../kinds/dashboard/read-dashboard.ts"
import type { SaeDashboard } from "../page/subjects.ts"
import type { ExampleData, LatentData, OtherLatents } from "./latent-data.ts"
import type { PackedLatent } from "./packed-latents.ts"

/** Of a dashboard's examples the page shows fewer, and less around them: it is one file. */
const topShown = 8
const perBandShown = 2
const leftShown = 12
const rightShown = 6
/** Of neighbours, and of tokens promoted and suppressed. */
const weightedShown = 5
/** Of tokens that a latent fires on, and promotes: what a search finds. */
const firesKept = 8
const promotesKept = 5

const short = (value: number): number => Number(value.toPrecision(4))

/** As many digits as the page writes (`number-text.ts`). */
const asWritten = (value: number): number => {
  const size = Math.abs(value)
  if (size < 1e-3) return Number(value.toPrecision(2))
  return Number(value.toFixed(size < 10 ? 3 : size < 100 ? 2 : 1))
}

const pairs = (list: ReadonlyArray<Weighted>): ReadonlyArray<readonly [number, number]> =>
  list.slice(0, weightedShown).map(([id, weight]) => [id, asWritten(weight)])

/** Neighbours and what fires together, of explained latents as of others. */
export const relationsData = (latent: DashboardLatent | undefined): Pick<LatentData, "near" | "together" | "cosine"> =>
  latent === undefined
    ? {}
    : {
        near: pairs(latent.neighbours),
        together: pairs(latent.coactive),
        ...(Number.isFinite(latent.cosine) ? { cosine: short(latent.cosine) } : {})
      }

/** Distinct tokens at the places that its strongest examples are about. */
const firesOn = ({ examples }: DashboardLatent): ReadonlyArray<number> =>
  [...new Set(examples.flatMap(({ group, tokens, pivot }) => (group === 0 ? [tokens[pivot] as number] : [])))].slice(
    0,
    firesKept
  )

const promotes = ({ promoted }: DashboardLatent): ReadonlyArray<number> =>
  promoted.slice(0, promotesKept).map(([token]) => token)

const densityOf = ({ count }: DashboardLatent, { rows }: SaeDashboard): number => short(count / rows)

export const otherLatents = (dashboard: SaeDashboard, explained: ReadonlySet<number>): OtherLatents => {
  const rows = dashboard.parts.flatMap((part, at) =>
    part.flatMap((latent) => (explained.has(latent.latent) ? [] : [{ latent, at }]))
  )
  return {
    id: rows.map(({ latent }) => latent.latent),
    density: rows.map(({ latent }) => densityOf(latent, dashboard)),
    max: rows.map(({ latent }) => short(latent.max)),
    fires: rows.map(({ latent }) => firesOn(latent)),
    promotes: rows.map(({ latent }) => promotes(latent)),
    part: rows.map(({ at }) => at)
  }
}

const exampleData = ({ position, pivot, tokens, activations }: DashboardExample): ExampleData => {
  const [start, end] = [Math.max(0, pivot - leftShown), pivot + rightShown + 1]
  return [position, pivot - start, tokens.slice(start, end), activations.slice(start, end).map(asWritten)]
}

export const dashboardLatentData = (
  latent: DashboardLatent,
  { bands }: SaeDashboard
): PackedLatent & Pick<LatentData, "max"> => {
  const inGroup = (group: number, most: number) =>
    latent.examples
      .filter((example) => example.group === group)
      .slice(0, most)
      .map(exampleData)
  return {
    id: latent.latent,
    max: short(latent.max),
    histogram: latent.histogram,
    top: inGroup(0, topShown),
    bands: Array.from({ length: bands }, (_, i) => [
      (bands - 1 - i) / bands,
      (bands - i) / bands,
      inGroup(i + 1, perBandShown)
    ]),
    promoted: pairs(latent.promoted),
    suppressed: pairs(latent.suppressed),
    ...relationsData(latent)
  }
}
