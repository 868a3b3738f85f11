/** An attribution graph: tokens from left to right, layers from the embedding at the bottom to the logits at the top. */
import type { GraphNode, TracedGraph } from "../../kinds/attribution-graphs.ts"
import { formatNumber, formatPercent } from "../page/format-number.ts"
import type { Html } from "../page/html.ts"
import { html } from "../page/html.ts"

/** More edges than these are a smear: the weightiest are drawn. */
const mostEdges = 300

const column = { least: 58, node: 13, gap: 16 }
const row = 58
const margin = { left: 64, top: 30, bottom: 34 }

const round = (value: number): number => Math.round(value * 10) / 10

const kindOf = ({ feature_type }: GraphNode): "latent" | "error" | "token" | "logit" =>
  feature_type === "embedding"
    ? "token"
    : feature_type === "logit"
      ? "logit"
      : feature_type === "mlp reconstruction error"
        ? "error"
        : "latent"

const latentOf = ({ node_id }: GraphNode): string => node_id.split("_")[1] ?? ""

const titleOf = (node: GraphNode, tokens: ReadonlyArray<string>): string => {
  const kind = kindOf(node)
  const at = `"${tokens[node.ctx_idx] ?? ""}"`
  if (kind === "logit") return node.clerp
  if (kind === "token") return `token ${at}`
  const what = kind === "error" ? `error of layer ${node.layer}` : `latent ${latentOf(node)} of layer ${node.layer}`
  return `${what} at ${at}${node.activation === null ? "" : `, activation ${formatNumber(node.activation)}`}`
}

/** A circle for a latent, a diamond for an error, a square for a token and a logit. */
const shape = (kind: ReturnType<typeof kindOf>, x: number, y: number): Html =>
  kind === "latent"
    ? html`<circle cx="${x}" cy="${y}" r="4.5" />`
    : kind === "error"
      ? html`<path d="M${x} ${y - 5}l5 5l-5 5l-5 -5z" />`
      : html`<rect x="${x - 4.5}" y="${y - 4.5}" width="9" height="9" />`

export const attributionChart = ({ nodes, links, metadata }: TracedGraph): Html => {
  const tokens = metadata.prompt_tokens
  const logitLayer = Math.max(0, ...nodes.filter((node) => kindOf(node) === "logit").map(({ layer }) => Number(layer)))
  /** Rows from the bottom: tokens 0, layer L at L + 1, logits at the top. */
  const levelOf = ({ layer }: GraphNode): number =>
    layer === "E" ? 0 : Number(layer) + (Number(layer) === logitLayer ? 0 : 1)
  const cells = Map.groupBy(nodes, (node) => `${node.ctx_idx} ${levelOf(node)}`)
  const widths = tokens.map((_, position) => {
    const most = Math.max(0, ...[...cells].filter(([key]) => key.startsWith(`${position} `)).map(([, of]) => of.length))
    return Math.max(column.least, most * column.node + column.gap)
  })
  const lefts = widths.map((_, i) => margin.left + widths.slice(0, i).reduce((sum, width) => sum + width, 0))
  const width = margin.left + widths.reduce((sum, each) => sum + each, 0)
  const height = margin.top + logitLayer * row + margin.bottom
  const yOf = (level: number): number => margin.top + (logitLayer - level) * row
  const places = new Map<string, { readonly x: number; readonly y: number }>()
  for (const of of cells.values()) {
    for (const [i, node] of of.entries()) {
      const middle = (lefts[node.ctx_idx] ?? 0) + (widths[node.ctx_idx] ?? 0) / 2
      places.set(node.node_id, { x: round(middle + (i - (of.length - 1) / 2) * column.node), y: yOf(levelOf(node)) })
    }
  }
  const drawn = links.toSorted((a, b) => Math.abs(b.weight) - Math.abs(a.weight)).slice(0, mostEdges)
  const heaviest = Math.abs(drawn[0]?.weight ?? 1)
  const edges = drawn.toReversed().flatMap(({ source, target, weight }) => {
    const [from, to] = [places.get(source), places.get(target)]
    if (from === undefined || to === undefined) return []
    const size = Math.abs(weight) / heaviest
    return [
      html`<path
        class="${weight < 0 ? "less" : "more"}"
        stroke-width="${round(0.5 + 3 * size)}"
        stroke-opacity="${round(0.15 + 0.65 * size)}"
        d="M${from.x} ${from.y}L${to.x} ${to.y}"
      />`
    ]
  })
  const levels = Array.from({ length: logitLayer + 1 }, (_, level) =>
    level === 0 ? "tokens" : level === logitLayer ? "logits" : `layer ${level - 1}`
  )
  const label = `Attribution graph of "${metadata.prompt}"`
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">
    <svg
      class="trace"
      viewBox="0 0 ${width} ${height}"
      width="${width}"
      height="${height}"
      role="img"
      aria-label="${label}"
    >
      ${levels.map((name, level) => html`<text x="4" y="${yOf(level) + 4}">${name}</text>`)}
      ${tokens.map(
        (token, i) =>
          html`<text x="${round((lefts[i] ?? 0) + (widths[i] ?? 0) / 2)}" y="${height - 12}" text-anchor="middle"
            >${token.trim() === "" ? JSON.stringify(token).slice(1, -1) : token}</text
          >`
      )}
      ${edges}${nodes.map((node) => {
        const { x, y } = places.get(node.node_id) as { readonly x: number; readonly y: number }
        const kind = kindOf(node)
        return html`<g class="${kind}"
          ><title>
            ${titleOf(node, tokens)}${node.influence === null ? "" : `, within ${formatPercent(node.influence)} of the influence`}</title
          >${shape(kind, x, y)}</g
        >`
      })}
    </svg>
  </div>`
}
