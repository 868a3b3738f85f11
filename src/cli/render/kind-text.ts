/** A stage kind for people: its inputs, sources, parameters by group, and metrics, wrapped. */
import { describeMetric } from "../../stage/metric.ts"
import type { Param } from "../../stage/param.ts"
import type { StageKind } from "../../stage/stage.ts"
import { wrapText } from "../../words/fit-text.ts"

export const outputOf = ({ output }: StageKind): string =>
  "fromParam" in output ? `what \`${output.fromParam}\` says` : output.name

/** Wider than this, lines are hard to read. */
const WIDEST = 100
const INDENT = 6

interface Item {
  readonly name: string
  /** Its type, default and the like. */
  readonly is: string
  readonly description: string
}

/** A list of named choices, `topk: ...; relu: ...`, gets a line for each. */
const paragraphs = (description: string): string => {
  const parts = description.split("; ")
  return parts.length > 2 && parts.every((part) => /^[\w.]+: /.test(part)) ? parts.join("\n") : description
}

const hanging = (text: string, first: number, width: number): ReadonlyArray<string> =>
  wrapText(text, width - INDENT).map((line, i) => " ".repeat(i === 0 ? first : INDENT) + line)

const section = (title: string, items: ReadonlyArray<Item>, width: number): ReadonlyArray<string> =>
  items.length === 0
    ? []
    : [
        "",
        ...wrapText(title, width),
        ...items.flatMap(({ name, is, description }) => [
          ...hanging(is === "" ? name : `${name}: ${is}`, 2, width),
          ...wrapText(paragraphs(description), width - INDENT).map((line) => " ".repeat(INDENT) + line)
        ])
      ]

const paramItem = ([name, param]: readonly [string, Param<unknown>]): Item => {
  const isOptional = "default" in param && param.default === null
  const type = isOptional ? param.type.replace(/ or null$/, "") : param.type
  const given = "default" in param ? (isOptional ? "" : `default ${JSON.stringify(param.default)}`) : "required"
  return {
    name,
    is: [type, param.unit ?? "", given].filter((part) => part !== "").join(", "),
    // The title of its group says it for all of them.
    description: param.description.replace(`${param.group}: `, "")
  }
}

/** What one kind takes and gives. */
export const describeKind = (kind: StageKind, columns: number): string => {
  const width = Math.min(columns, WIDEST)
  const inputs = Object.entries(kind.inputs).map(([name, { shape, kind: artifact, description }]) => ({
    name,
    is: `${shape === "one" ? "" : `${shape} of `}${artifact?.name ?? "any artifact"}`,
    description
  }))
  const sources = Object.entries(kind.sources).map(([name, { of, description, default: given }]) => ({
    name,
    is: `source of ${of}${given === undefined ? "" : `, default ${given}`}`,
    description
  }))
  const metrics = Object.entries(kind.metrics).map(([name, metric]) => ({
    name,
    is: metric.better === "neither" ? "" : `${metric.better} is better`,
    description: describeMetric(metric)
  }))
  // Those of every variant first: most people want one of these.
  const groups = [...Map.groupBy(Object.entries(kind.params), ([, { group }]) => group)].toSorted(
    ([a], [b]) => Number(a !== undefined) - Number(b !== undefined)
  )
  return [
    `${kind.name} -> ${outputOf(kind)}`,
    ...wrapText(kind.summary, width),
    ...section("inputs", inputs, width),
    ...section("sources", sources, width),
    ...groups.flatMap(([group, params]) =>
      section(group === undefined ? "parameters" : `parameters of ${group}`, params.map(paramItem), width)
    ),
    ...section("metrics", metrics, width),
    ""
  ].join("\n")
}
