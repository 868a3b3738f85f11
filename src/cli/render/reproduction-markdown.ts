/** A reproduction as Markdown: fit for a comment on a pull request, or a job's summary. */
import { agrees, type Comparison } from "../../lock/compare-results.ts"
import { formatNumber, formatSeconds, withHalfWidth } from "./words.ts"
import { movedMetrics, reasonText, resultWords, tally } from "./reproduction-text.ts"

/** A comment on a pull request may have 65,536 characters: rows beyond these are counted. */
const MOST_METRICS = 200

const cell = (text: string): string => text.replaceAll(/[\\|`<>*_[\]]/g, "\\$&").replaceAll(/\s*\n\s*/g, " ")

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`)

const stageRows = (compared: ReadonlyArray<Comparison>) =>
  compared.map((each) => [
    cell(each.id),
    agrees(each) ? resultWords[each.result] : `**${resultWords[each.result]}**`,
    each.seconds === 0 ? "" : formatSeconds(each.seconds),
    cell(reasonText(each))
  ])

const metricRows = (compared: ReadonlyArray<Comparison>) =>
  compared.flatMap((each) =>
    movedMetrics(each).map(({ name, locked, now, tolerance, within, lockedInterval, nowInterval, noise }) => [
      cell(each.id),
      within ? cell(name) : `**${cell(name)}**`,
      withHalfWidth(String(locked), lockedInterval),
      now === undefined ? "none" : withHalfWidth(String(now), nowInterval),
      now === undefined ? "" : `${now > locked ? "+" : "−"}${formatNumber(Math.abs(now - locked))}`,
      `${formatNumber(tolerance)}${noise === undefined ? "" : ` (noise ${formatNumber(noise)})`}`
    ])
  )

export const reproductionMarkdown = (experiment: string, compared: ReadonlyArray<Comparison>): string => {
  const good = compared.every(agrees)
  const metrics = metricRows(compared)
  const more = metrics.length - MOST_METRICS
  return [
    `### \`${experiment}\`: ${good ? "reproduced" : "**not reproduced**"}`,
    "",
    `${tally(compared)}.`,
    "",
    ...table(["stage", "result", "time", "why"], stageRows(compared)),
    ...(metrics.length === 0
      ? []
      : [
          "",
          `<details${good ? "" : " open"}><summary>Metrics that differ</summary>`,
          "",
          ...table(["stage", "metric", "locked", "now", "difference", "tolerance"], metrics.slice(0, MOST_METRICS)),
          ...(more > 0 ? ["", `and ${more} more`] : []),
          "",
          "</details>"
        ]),
    ""
  ].join("\n")
}
