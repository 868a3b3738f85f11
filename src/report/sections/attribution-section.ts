/** Attribution graphs of prompts: how much goes through latents, and the graphs themselves. */
import type { AttributionGraphsHandle, TracedGraph } from "../../kinds/attribution-graphs.ts"
import { attributionChart } from "../charts/attribution-chart.ts"
import { formatInteger, formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"
import { labelOf, type Placed } from "../page/subjects.ts"

/** Graphs of one set that are drawn; the others are in the files. */
const mostDrawn = 4

/** The most probable next tokens, best first. */
const answers = ({ nodes }: TracedGraph): string =>
  nodes
    .filter(({ feature_type }) => feature_type === "logit")
    .map(({ clerp }) => clerp.replace(/^Output /, ""))
    .slice(0, 3)
    .join(", ")

const table = ({ graphs }: AttributionGraphsHandle): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="Attribution graphs">
    <table>
      <thead>
        <tr>
          <th scope="col">Prompt</th>
          <th scope="col">Next tokens</th>
          <th scope="col" title="Latents that are active on the prompt">Latents</th>
          <th scope="col" title="Nodes and edges that pruning keeps">Kept</th>
          <th scope="col" title="Of the influence of tokens and errors on the logits, the share of the tokens">
            Replacement
          </th>
          <th scope="col" title="Share of the inputs of nodes that are no errors, weighted by influence">
            Completeness
          </th>
          <th
            scope="col"
            title="Correlation of what the graph says that ablating a latent does with what it does in the model"
          >
            Ablation
          </th>
        </tr>
      </thead>
      <tbody>
        ${graphs.map(
          ({ graph, latents, replacement, completeness, ablation_agreement }) =>
            html`<tr>
              <th scope="row">${graph.metadata.prompt}</th>
              <td>${answers(graph)}</td>
              <td>${formatInteger(latents)}</td>
              <td>${formatInteger(graph.nodes.length)}, ${formatInteger(graph.links.length)}</td>
              <td>${formatPercent(replacement)}</td>
              <td>${formatPercent(completeness)}</td>
              <td>${ablation_agreement === null ? "–" : formatNumber(ablation_agreement)}</td>
            </tr> `
        )}
      </tbody>
    </table>
  </div>`

/** Undefined where nothing was traced. */
export const attributionSection = (traces: ReadonlyArray<Placed<AttributionGraphsHandle>>): Html | undefined =>
  traces.length === 0
    ? undefined
    : html`<h2>Attribution graphs</h2>
        <p class="note">
          Circles are latents, diamonds what transcoders leave unexplained; an edge is what its source adds to its
          target with attention patterns and normalisations held fixed, dashed where it takes away. Each graph is in
          circuit-tracer's format among the files of its stage.
        </p>
        ${traces.map(
          ({ at, value }) =>
            html`<h3>${labelOf(at, "Prompts")}</h3>
              ${table(value)}${value.graphs.slice(0, mostDrawn).map(({ graph }) => attributionChart(graph))}`
        )}`
