/** A comparison for people: what differs in what stages are made of, each change once, then the metrics. */
import { formatReason } from "../../plan/explain.ts"
import type { Reason } from "../../plan/explain.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { count, formatNumber, formatTable, withHalfWidth } from "../render/words.ts"
import type { SeedMean } from "../../plan/seed-means.ts"
import type { Comparison, MetricDifference, StageDifference } from "./compare-sides.ts"

const sections = [
  ["parameters", /^params\b/],
  ["sources", /^sources\b/],
  ["code", /^(code|packages|key format|kind)\b/],
  ["files, environment and probes", /^facts\b/],
  ["inputs", /^inputs\b/],
  ["numerics", /^numerics\b/]
] as const

const HEAD = ["  stage", "metric", "before", "after", "difference", ""]

/** Instances beyond these are counted. */
const SHOWN_STAGES = 3

/** `sae` where all its instances are meant, else those that are. */
const named = (meant: ReadonlyArray<StageDifference>, all: ReadonlyArray<StageDifference>): string =>
  [...Map.groupBy(meant, ({ stage }) => stage)]
    .map(([stage, some]) => {
      const every = all.filter((each) => each.stage === stage).length
      if (some.length === every) return every === 1 ? (some[0]?.id ?? stage) : `${stage} ×${every}`
      const more = some.length > SHOWN_STAGES ? ` and ${some.length - SHOWN_STAGES} more` : ""
      return some
        .slice(0, SHOWN_STAGES)
        .map(({ id }) => id)
        .join(", ")
        .concat(more)
    })
    .join(", ")

/** A list's places are many, and follow from what is above: the input as a whole is told. */
const reasonText = (reason: Reason): string =>
  reason.path.startsWith("inputs.")
    ? `${reason.path.replace(/\[.*$/s, "")} changed`
    : formatReason(reason).replace(/^code /, "")

/** What differs in what stages were made of, by kind of difference: each with the stages that it is of. */
export const madeChanges = ({
  stages
}: Comparison): ReadonlyArray<{
  readonly title: string
  readonly rows: ReadonlyArray<readonly [text: string, stages: string]>
}> => {
  const changes = Map.groupBy(
    stages.flatMap((stage) => (stage.made ?? []).map((reason) => ({ stage, reason, text: reasonText(reason) }))),
    ({ text }) => text
  )
  return sections.flatMap(([title, pattern]) => {
    const rows = [...changes]
      .filter(([, [first]]) => first !== undefined && pattern.test(first.reason.path))
      .map(([text, found]) => [text, named([...new Set(found.map(({ stage }) => stage))], stages)] as const)
    return rows.length === 0 ? [] : [{ title, rows }]
  })
}

const madeText = (comparison: Comparison): ReadonlyArray<string> =>
  madeChanges(comparison).flatMap(({ title, rows }) => [
    "",
    title,
    formatTable(rows.map(([text, of]) => [`  ${text}`, of]))
  ])

const signed = (value: number): string => `${value > 0 ? "+" : ""}${formatNumber(value)}`

/** `; more than its noise (0.004)`: whether another choice of documents or seeds would make as much of a difference. */
const noiseText = (difference: number | null, noise: number | null): string =>
  difference === null || difference === 0
    ? ""
    : noise === null
      ? "its noise is not known"
      : `${Math.abs(difference) > noise ? "more than" : "within"} its noise (${formatNumber(noise)})`

const verdictText = (metric: MetricDifference): string =>
  [toleranceText(metric), noiseText(metric.difference, metric.noise)].filter((text) => text !== "").join("; ")

export const toleranceText = ({ verdict, tolerance, better }: MetricDifference): string => {
  switch (verdict) {
    case "equal":
      return "equal"
    case "within":
      return `within ${formatNumber(tolerance ?? 0)}`
    case "beyond":
      return `beyond ${formatNumber(tolerance ?? 0)}${better === null ? "" : better === "after" ? ", better" : ", worse"}`
    case "differs":
      return "differs; no tolerance is declared"
    case "missing":
      return "on one side alone"
  }
}

const numberText = (value: number | null, interval: Interval | null): string =>
  value === null ? "–" : withHalfWidth(formatNumber(value), interval ?? undefined)

const meanText = (mean: SeedMean): string =>
  `${withHalfWidth(formatNumber(mean.value), mean)} (${count(mean.seeds, "seed")})`

const seedRows = ({ overSeeds }: Comparison, all: boolean): ReadonlyArray<ReadonlyArray<string>> =>
  overSeeds
    .filter(({ difference }) => all || difference !== 0)
    .map(({ id, name, before, after, difference, noise }) => [
      `  ${id}`,
      name,
      meanText(before),
      meanText(after),
      signed(difference),
      noiseText(difference, noise)
    ])

/** What no noise of a comparison holds; undefined where all is over seeds, or nothing hangs on one. */
export const oneSeedText = ({ oneSeed, stages }: Comparison): string | undefined =>
  oneSeed.length === 0
    ? undefined
    : `one seed of ${named(
        stages.filter(({ id }) => oneSeed.includes(id)),
        stages
      )}: noise is over what a result averages (documents, words, latents), and how far another seed moves it is not known`

/** A kind without declared metrics has all of them shown. */
export const shownMetrics = ({ metrics }: StageDifference, all: boolean): ReadonlyArray<MetricDifference> => {
  const declares = metrics.some(({ headline }) => headline)
  return metrics.filter(({ verdict, headline }) => all || (verdict !== "equal" && (headline || !declares)))
}

/** @param all equal metrics, and those that kinds do not declare, too */
export const comparisonText = (comparison: Comparison, all: boolean): string => {
  const { before, after, onlyBefore, onlyAfter, stages } = comparison
  const rows = stages.flatMap((stage) =>
    shownMetrics(stage, all).map((metric) => [
      `  ${stage.id}`,
      metric.name,
      numberText(metric.before, metric.beforeInterval),
      numberText(metric.after, metric.afterInterval),
      metric.difference === null ? "" : signed(metric.difference),
      verdictText(metric)
    ])
  )
  const seeds = seedRows(comparison, all)
  const oneSeed = rows.length === 0 ? undefined : oneSeedText(comparison)
  const hidden = all
    ? 0
    : stages.reduce((sum, stage) => {
        const differing = stage.metrics.filter(({ verdict }) => verdict !== "equal").length
        return sum + differing - shownMetrics(stage, false).length
      }, 0)
  const of = (same: boolean | null): number => stages.filter(({ sameBytes }) => sameBytes === same).length
  const unknown = stages.filter(({ made, sameBytes }) => made === null && sameBytes !== true)
  return [
    formatTable([
      ["before", before],
      ["after", after]
    ]),
    ...(onlyBefore.length === 0 ? [] : [`before alone  ${onlyBefore.join(", ")}`]),
    ...(onlyAfter.length === 0 ? [] : [`after alone   ${onlyAfter.join(", ")}`]),
    ...madeText(comparison),
    ...(unknown.length === 0 ? [] : ["", `what they were made of is not on record: ${named(unknown, stages)}`]),
    ...(rows.length === 0 ? [] : ["", "metrics", formatTable([HEAD, ...rows])]),
    ...(hidden === 0
      ? []
      : [`  ${count(hidden, "other metric")} of these stages ${hidden === 1 ? "differs" : "differ"}: --all`]),
    ...(oneSeed === undefined ? [] : [`  ${oneSeed}`]),
    ...(seeds.length === 0 ? [] : ["", "means over seeds", formatTable([HEAD, ...seeds])]),
    "",
    `${count(stages.length, "stage")} on both sides: ${of(true)} with the same bytes, ${of(false)} with others, ${of(null)} without a result on one side`
  ].join("\n")
}
