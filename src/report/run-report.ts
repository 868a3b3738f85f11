/**
 * Puts the experiment around the science report: what it is and how it was made before it, its stages with their true
 * costs after it. Unlike that report, this page names machines and times: it is rendered for reading and never becomes
 * an artifact.
 */
import { againstSection } from "./against-section.ts"
import { pageScript } from "./browser/page-script.ts"
import { graphSvg } from "./charts/graph-svg.ts"
import { exact } from "./page/exact.ts"
import { formatBytes, formatSeconds } from "./page/format-number.ts"
import { citations } from "./page/citations.ts"
import { methodsText } from "./page/methods-text.ts"
import type { Html } from "./page/html.ts"
import { escapeHtml, html, trusted } from "./page/html.ts"
import type { Fact, RunGraphNode, RunReportInput, StageResult } from "./page/made-experiment.ts"
import { aboutMarker, headingStart, renderPage, runLinkMarker, runMarker, titleStart } from "./page/page.ts"

const figure = (value: string, name: string): Html => html`<li><b>${value}</b><span>${name}</span></li>`

const timeBar = (seconds: number, longest: number): Html => {
  const width = longest > 0 ? Math.round((seconds / longest) * 1200) / 10 : 0
  return html`<svg viewBox="0 0 120 10" width="120" height="10" aria-hidden="true">
    <rect width="${width}" height="10" rx="2" />
  </svg>`
}

const stageRow = ({ id, kind }: RunGraphNode, result: StageResult | undefined, longest: number): Html =>
  html`<tr>
    <th scope="row" class="mono">${id}</th>
    <td class="text">${kind}</td>
    <td>
      ${result === undefined ? html`<span class="status none">no result</span>` : exact(result.seconds, formatSeconds)}
    </td>
    <td class="track">${result === undefined ? undefined : timeBar(result.seconds, longest)}</td>
    <td>${result?.cpuSeconds === undefined ? "–" : exact(result.cpuSeconds, formatSeconds)}</td>
    <td>${result?.peakMemory === undefined ? "–" : exact(result.peakMemory, formatBytes)}</td>
    <td class="text mono">${result?.run ?? "–"}</td>
  </tr>`

const sum = (numbers: ReadonlyArray<number | undefined>): number =>
  numbers.reduce<number>((total, each) => total + (each ?? 0), 0)

const runSection = ({ graph, results }: RunReportInput): Html => {
  const byId = new Map(results.map((result) => [result.id, result]))
  const longest = Math.max(0, ...results.map(({ seconds }) => seconds))
  const missing = graph.length - byId.size
  return html`<section id="run">
    <h2>Stages and costs</h2>
    <p class="note">
      What stands behind the keys of these parameters, whichever run computed it; seconds are those of the computation,
      not of the run that found it in the cache.
    </p>
    <ul class="facts">
      ${figure(formatSeconds(sum(results.map(({ seconds }) => seconds))), "of computation, one stage after the other")}
      ${figure(formatSeconds(sum(results.map(({ cpuSeconds }) => cpuSeconds))), "CPU time")}
      ${figure(`${byId.size} of ${graph.length}`, "stages have a result")}
    </ul>
    ${graphSvg(graph, results)}
    <details ${missing > 0 ? html`open` : undefined}>
      <summary>Costs of each stage</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Costs of each stage">
        <table>
          <thead>
            <tr>
              <th scope="col">Stage</th>
              <th scope="col" class="text">Kind</th>
              <th scope="col">Time</th>
              <th scope="col"><span class="sr">Share</span></th>
              <th scope="col" title="Of all threads">CPU time</th>
              <th scope="col">Peak memory</th>
              <th scope="col" class="text">Computed by run</th>
            </tr>
          </thead>
          <tbody>
            ${graph.map((node) => stageRow(node, byId.get(node.id), longest))}
          </tbody>
        </table>
      </div>
    </details>
  </section>`
}

const factList = (facts: ReadonlyArray<Fact>): Html =>
  html`<dl class="about">
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`
    )}
  </dl>`

const aboutSection = ({ description, commands, facts, parameters }: RunReportInput): Html =>
  html`<section id="about">
    <h2>What this is</h2>
    ${description === undefined ? undefined : html`<p class="note">${description}</p>`} ${factList(facts)}
    ${
      parameters.length === 0
        ? undefined
        : html`<h3>Parameters</h3>
            ${factList(parameters)}`
    }
    <pre class="scroll" tabindex="0" role="region" aria-label="Commands">${commands.join("\n")}</pre>
  </section>`

const methodsSection = ({ methods, code }: RunReportInput): Html =>
  html`<section id="methods">
    <h2>Methods and citation</h2>
    <p class="note">What each stage did, with all its settings, from the plan of these parameters: to be pasted.</p>
    <pre class="prose" data-copy tabindex="0" role="region" aria-label="Methods">${methodsText(methods)}</pre>
    <details>
      <summary>BibTeX: this program, and the papers whose methods its stages follow</summary>
      <pre class="scroll" data-copy tabindex="0" role="region" aria-label="BibTeX">${citations(methods, code)}</pre>
    </details>
  </section>`

/** A page with the stages alone, for an experiment without a report. */
const emptyReport = (): string =>
  renderPage({
    title: "no report",
    lead: html`<p>There is no report of these parameters (yet): the command below makes it.</p>`,
    sections: [],
    data: trusted(`{"subjects":[],"metas":[],"stitched":[]}`),
    script: pageScript()
  })

/**
 * The report with the experiment around its sections; a page with its stages alone where `report` is undefined.
 *
 * @param live a section that only a server can fill, before all others
 */
export const runReport = (input: RunReportInput, live?: Html): string => {
  const page = input.report ?? emptyReport()
  const named = `${escapeHtml(input.name)}: `
  const against = input.against && againstSection(input.against)
  // Functions, since `$&` and the like in a replacement text would be read as patterns.
  return page
    .replace(titleStart, () => titleStart + named)
    .replace(headingStart, () => headingStart + named)
    .replace(
      runLinkMarker,
      () =>
        html`${live && html`<a href="#live">Live</a>`}${against && html`<a href="#against">Against</a>`}<a
            href="#methods"
            >Methods</a
          ><a href="#run">Stages</a>`.markup
    )
    .replace(aboutMarker, () => (live?.markup ?? "") + aboutSection(input).markup + (against?.markup ?? ""))
    .replace(runMarker, () => methodsSection(input).markup + runSection(input).markup)
}
