/** What the page shows of latents without an explanation: from the dashboard of their SAE. */
import type { DashboardExample, DashboardLatent, Weighted } from "../../kinds/dashboard/read-dashboard.ts"
import type { SaeDashboard } from "../page/subjects.ts"
import type { ExampleData, LatentData, OtherLatents } from "./browser-data.ts"

/** Of a dashboard's examples the page shows fewer, and less around them: it is one file. */
const topShown = 4
const perBandShown = 1
const leftShown = 10
const rightShown = 5
/** Of neighbours, and of tokens promoted and suppressed. */
const weightedShown = 5
/** Tokens that a label names. */
const labelTokens = 5
const labelPromoted = 3

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

const quoted = (tokens: Iterable<number>, texts: SaeDashboard["texts"], most: number): string =>
  [...new Set(tokens)]
    .slice(0, most)
    .map((token) => JSON.stringify(texts[token] ?? `#${token}`))
    .join(", ")

/** Not an explanation, which would be scored: what stands in its examples, and what it promotes. */
export const dashboardLabel = ({ examples, promoted }: DashboardLatent, texts: SaeDashboard["texts"]): string => {
  const top = examples.filter(({ group }) => group === 0)
  const fires = `fires on ${quoted(
    top.map(({ tokens, pivot }) => tokens[pivot] as number),
    texts,
    labelTokens
  )}`
  return promoted.length === 0
    ? fires
    : `${fires}; promotes ${quoted(
        promoted.map(([token]) => token),
        texts,
        labelPromoted
      )}`
}

const densityOf = ({ count }: DashboardLatent, { rows }: SaeDashboard): number => short(count / rows)

export const otherLatents = (dashboard: SaeDashboard, explained: ReadonlySet<number>): OtherLatents => {
  const rows = dashboard.parts.flatMap((part, at) =>
    part.flatMap((latent) => (explained.has(latent.latent) ? [] : [{ latent, at }]))
  )
  return {
    id: rows.map(({ latent }) => latent.latent),
    density: rows.map(({ latent }) => densityOf(latent, dashboard)),
    max: rows.map(({ latent }) => short(latent.max)),
    text: rows.map(({ latent }) => dashboardLabel(latent, dashboard.texts)),
    part: rows.map(({ at }) => at)
  }
}

const exampleData = ({ position, pivot, tokens, activations }: DashboardExample): ExampleData => {
  const [start, end] = [Math.max(0, pivot - leftShown), pivot + rightShown + 1]
  return [position, pivot - start, tokens.slice(start, end), activations.slice(start, end).map(asWritten)]
}

export const dashboardLatentData = (latent: DashboardLatent, dashboard: SaeDashboard): LatentData => {
  const { bands, texts } = dashboard
  const inGroup = (group: number, most: number) =>
    latent.examples
      .filter((example) => example.group === group)
      .slice(0, most)
      .map(exampleData)
  return {
    id: latent.latent,
    text: dashboardLabel(latent, texts),
    density: densityOf(latent, dashboard),
    max: short(latent.max),
    histogram: latent.histogram,
    patterns: [],
    more: 0,
    score: null,
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
