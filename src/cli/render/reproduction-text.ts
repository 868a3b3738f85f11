/** A reproduction for people: a row for each stage, and below one that differs the metrics that moved. */
import { agrees, type Comparison, type MetricComparison } from "../../lock/compare-results.ts"
import { count, formatNumber, formatSeconds, formatTable, withHalfWidth } from "./words.ts"

export const resultWords: { readonly [R in Comparison["result"]]: string } = {
  same: "same digest",
  close: "within tolerance",
  unchecked: "other digest",
  differs: "DIFFERS",
  failed: "FAILED",
  "not locked": "NOT LOCKED",
  gone: "GONE"
}

/** Enough digits to tell the two apart. */
const shown = (value: number, other: number): string => {
  for (let digits = 4; digits < 17; digits++) {
    const [a, b] = [value.toPrecision(digits), other.toPrecision(digits)]
    if (a !== b) return String(Number(a))
  }
  return String(value)
}

/** `, noise 0.3`: of a difference that other documents or words would make alone. */
const noiseText = ({ noise }: MetricComparison): string => (noise === undefined ? "" : `, noise ${formatNumber(noise)}`)

/** `mse 104.63 ± 0.2 -> 104.72 ± 0.2, by 0.09 (tolerance 0.05, noise 0.28)`. */
export const metricText = (metric: MetricComparison): string => {
  const { name, locked, now, tolerance, lockedInterval, nowInterval } = metric
  if (now === undefined) return `${name} ${withHalfWidth(formatNumber(locked), lockedInterval)} -> none`
  const [from, to] = [shown(locked, now), shown(now, locked)]
  return (
    `${name} ${withHalfWidth(from, lockedInterval)} -> ${withHalfWidth(to, nowInterval)}, ` +
    `by ${formatNumber(Math.abs(now - locked))} (tolerance ${formatNumber(tolerance)}${noiseText(metric)})`
  )
}

/** Those that moved; what is out of tolerance first. */
export const movedMetrics = ({ metrics }: Comparison): ReadonlyArray<MetricComparison> =>
  metrics.filter(({ locked, now }) => now !== locked).toSorted((a, b) => Number(a.within) - Number(b.within))

export const reasonText = ({ because, changed, result }: Comparison): string =>
  (result === "same" ? changed : because).join("; ")

/** `13 stages: 4 same digest, 9 within tolerance`. */
export const tally = (compared: ReadonlyArray<Comparison>): string => {
  const counts = Object.entries(resultWords)
    .map(([result, words]) => [compared.filter((each) => each.result === result).length, words] as const)
    .filter(([n]) => n > 0)
  return `${count(compared.length, "stage")}: ${counts.map(([n, words]) => `${n} ${words}`).join(", ")}`
}

/** Metrics shown of a stage that differs, though all of them are within their tolerance. */
const FEW = 3

export const reproductionText = (compared: ReadonlyArray<Comparison>): string => {
  const rows = compared.map((each) => [
    each.id,
    resultWords[each.result],
    each.seconds === 0 ? "" : formatSeconds(each.seconds),
    reasonText(each)
  ])
  const lines = formatTable([["stage", "result", "time", "why"], ...rows]).split("\n")
  const metrics = compared.map((each) => {
    const moved = movedMetrics(each)
    // Where a stage agrees nobody has to look at them; where it differs in bytes alone, a few show how little.
    const out = moved.filter(({ within }) => !within)
    const told = agrees(each) ? [] : out.length > 0 ? out : moved.slice(0, FEW)
    return told.map((metric) => `    ${metricText(metric)}`)
  })
  return [
    lines[0] as string,
    ...lines.slice(1).flatMap((line, i) => [line, ...(metrics[i] ?? [])]),
    "",
    tally(compared)
  ].join("\n")
}
