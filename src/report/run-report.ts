/**
 * Puts the latest run - graph, times, cache hits - around the science report. Unlike that report, this page is about one
 * run on one machine: it is rendered for reading and never becomes an artifact.
 */
import { pageScript } from "./browser/page-script.ts"
import { formatSeconds } from "./page/format-number.ts"
import { graphSvg } from "./charts/graph-svg.ts"
import type { Html } from "./page/html.ts"
import { html, trusted } from "./page/html.ts"
import { renderPage, runLinkMarker, runMarker } from "./page/page.ts"
import type { RunReportInput, RunStage, RunSummary } from "./page/run-summary.ts"

const statusNames: Readonly<Record<RunStage["status"], string>> = {
  hit: "cached",
  ran: "ran",
  failed: "failed",
  skipped: "skipped",
  interrupted: "interrupted"
}
const runNames: Readonly<Record<RunSummary["status"], string>> = {
  done: "done",
  failed: "failed",
  interrupted: "interrupted"
}

const fact = (value: string, name: string): Html => html`<li><b>${value}</b><span>${name}</span></li>`

const timeBar = (seconds: number, longest: number): Html => {
  const width = longest > 0 ? Math.round((seconds / longest) * 1200) / 10 : 0
  return html`<svg viewBox="0 0 120 10" width="120" height="10" aria-hidden="true">
    <rect width="${width}" height="10" rx="2" />
  </svg>`
}

const stageRow = (stage: RunStage, longest: number): Html =>
  html`<tr>
    <td class="mono">${stage.id}</td>
    <td class="text">${stage.kind}</td>
    <td class="text"><span class="status ${stage.status}">${statusNames[stage.status]}</span></td>
    <td>${stage.status === "ran" || stage.status === "failed" ? formatSeconds(stage.seconds) : "–"}</td>
    <td class="track">${timeBar(stage.seconds, longest)}</td>
    <td>${stage.savedSeconds === null ? "–" : formatSeconds(stage.savedSeconds)}</td>
    <td class="text">${stage.problem ?? ""}</td>
  </tr>`

const runSection = ({ experiment, graph, run }: RunReportInput): Html => {
  if (run === undefined) {
    return html`<section id="run">
      <h2>Run</h2>
      <p class="note"><code>${experiment}</code> has not run yet: <code>pipeline run ${experiment}</code></p>
      ${graphSvg(graph, [])}
    </section>`
  }
  const count = (status: RunStage["status"]): number => run.stages.filter((stage) => stage.status === status).length
  const saved = run.stages.reduce((sum, { savedSeconds }) => sum + (savedSeconds ?? 0), 0)
  const longest = Math.max(0, ...run.stages.map(({ seconds }) => seconds))
  const failed = count("failed")
  const skipped = count("skipped")
  return html`<section id="run">
    <h2>Run</h2>
    <p class="note">Latest run of <code>${experiment}</code>: <code>${run.run}</code>, ${runNames[run.status]}.</p>
    <ul class="facts">
      ${fact(formatSeconds(run.seconds), "wall-clock time")} ${fact(String(count("ran")), "stages ran")}
      ${fact(String(count("hit")), "cached")}
      ${saved > 0 ? fact(formatSeconds(saved), "saved by the cache") : undefined}
      ${failed > 0 ? fact(String(failed), "failed") : undefined}
      ${skipped > 0 ? fact(String(skipped), "skipped") : undefined}
    </ul>
    ${graphSvg(graph, run.stages)}
    <details ${failed > 0 ? html`open` : undefined}>
      <summary>Stages and times</summary>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col" class="text">Kind</th>
              <th scope="col" class="text">Result</th>
              <th scope="col">Time</th>
              <th scope="col"><span class="sr">Share</span></th>
              <th scope="col">Saved</th>
              <th scope="col" class="text">Problem</th>
            </tr>
          </thead>
          <tbody>
            ${run.stages.map((stage) => stageRow(stage, longest))}
          </tbody>
        </table>
      </div>
    </details>
  </section>`
}

/** A page with the run alone, for an experiment without a report. */
const emptyReport = (experiment: string): string =>
  renderPage({
    title: experiment,
    lead: html`<p>There is no report of this experiment (yet).</p>`,
    sections: [],
    data: trusted(`{"subjects":[],"metas":[]}`),
    script: pageScript()
  })

/** The report with the run above its sections; a page with the run alone where `report` is undefined. */
export const runReport = (input: RunReportInput): string => {
  const page = input.report ?? emptyReport(input.experiment)
  // Functions, since `$&` and the like in a replacement text would be read as patterns.
  return page
    .replace(runLinkMarker, () => html`<a href="#run">Run</a>`.markup)
    .replace(runMarker, () => runSection(input).markup)
}
