/** The table of findings, as a web page and as Markdown. */
import { estimate } from "../page/estimate.ts"
import { formatNumber } from "../page/format-number.ts"
import { html } from "../page/html.ts"
import { renderPage } from "../page/page.ts"
import type { Finding, Measured, Verdict } from "./finding.ts"

export interface JudgedFinding extends Finding {
  /** Null where it is missing. */
  readonly value: Measured | null
  readonly side: "above" | "below"
  readonly bound: Measured | null
  readonly verdict: Verdict
}

const words: Readonly<Record<Verdict, string>> = {
  yes: "yes",
  no: "no",
  open: "open: the intervals meet",
  missing: "not measured: what it needs failed"
}

const number = (measured: Measured | null): string => {
  if (measured === null) return "-"
  const { value, interval } = measured
  return interval === undefined
    ? formatNumber(value)
    : `${formatNumber(value)} (${formatNumber(interval.low)} to ${formatNumber(interval.high)})`
}

/** What a number is compared with: a metric by its name, too. */
const boundText = ({ side, bound, ...finding }: JudgedFinding): string => {
  const given = finding[side]
  return typeof given === "string" ? `${side} ${given}, ${number(bound)}` : `${side} ${number(bound)}`
}

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s+/g, " ")

export const findingsMarkdown = (findings: ReadonlyArray<JudgedFinding>): string =>
  [
    "| finding | source | published | measured, 95 % interval | comes out where | comes out? |",
    "| --- | --- | --- | --- | --- | --- |",
    ...findings.map(
      (each) =>
        `| ${[each.finding, each.source, each.published, number(each.value), boundText(each), words[each.verdict]].map(cell).join(" | ")} |`
    ),
    ""
  ].join("\n")

export const findingsPage = (title: string, findings: ReadonlyArray<JudgedFinding>): string =>
  renderPage({
    title,
    lead: html`<p>
      ${findings.filter((each) => each.verdict === "yes").length} of ${findings.length} findings come out.
    </p>`,
    sections: [
      {
        id: "findings",
        name: "Findings",
        body: html`<div class="scroll">
          <table>
            <thead>
              <tr>
                ${["Finding", "Source", "Published", "Measured", "Comes out where", "Comes out?"].map(
                  (name) => html`<th scope="col">${name}</th>`
                )}
              </tr>
            </thead>
            <tbody>
              ${findings.map(
                (each) =>
                  html`<tr>
                    <th scope="row">${each.finding}</th>
                    <td>${each.source}</td>
                    <td>${each.published}</td>
                    <td>
                      ${each.value === null ? "-" : estimate(each.value.value, each.value.interval, formatNumber, each.measured)}
                    </td>
                    <td>${boundText(each)}</td>
                    <td>${words[each.verdict]}</td>
                  </tr>`
              )}
            </tbody>
          </table>
        </div>`
      }
    ],
    data: html``,
    script: ""
  })
