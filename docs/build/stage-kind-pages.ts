/** A page for each stage kind, from its declaration. */
import { describeMetric } from "../../src/stage/metric.ts"
import type { Input } from "../../src/stage/input.ts"
import type { StageKind } from "../../src/stage/stage.ts"
import { code, section, table } from "./markdown.ts"
import type { Page } from "./markdown.ts"

const shapes: Readonly<Record<Input["shape"], string>> = {
  one: "",
  optional: "optional ",
  list: "list of ",
  record: "map of "
}

const outputOf = ({ output }: StageKind): string =>
  "fromParam" in output ? `the kind that \`${output.fromParam}\` names` : `\`${output.name}\``

const isRequired = ({ shape, mayBeLeftOut }: Input): boolean =>
  (shape === "one" || shape === "list") && mayBeLeftOut !== true

/** What has to be given, as it stands in a file. */
const smallest = (kind: StageKind): string => {
  const given = [
    ...Object.entries(kind.inputs)
      .filter(([, input]) => isRequired(input))
      .map(([name, { shape }]) => `    ${name}: "\${{ stages.NAME${shape === "list" ? "[*]" : ""} }}"`),
    ...Object.entries(kind.sources)
      .filter(([, source]) => source.default === undefined)
      .map(([name]) => `    ${name}: file:PATH`),
    ...Object.entries(kind.params)
      .filter(([, param]) => !("default" in param))
      .map(
        ([name, { type }]) =>
          `    ${name}: ${type.startsWith("integer") || type.startsWith("number") ? "NUMBER" : "..."}`
      )
  ]
  return ["NAME:", `  uses: ${kind.name}`, ...(given.length === 0 ? [] : ["  with:", ...given])].join("\n")
}

const runsAs: Readonly<Record<StageKind["isolation"], string>> = {
  process: "in a process of its own",
  pool: "in a worker that others use after it",
  inline: "in the head process"
}

const pageOf = (kind: StageKind): Page => ({
  name: kind.name,
  title: kind.name,
  text:
    `${kind.summary}\n\nMakes ${outputOf(kind)}. Runs ${runsAs[kind.isolation]}${kind.engine ? ", with a tensor engine" : ""}.\n\n` +
    `${code("yaml", smallest(kind))}\n` +
    section(
      "Inputs",
      table(
        ["input", "takes", "what"],
        Object.entries(kind.inputs).map(([name, input]) => [
          name,
          `${shapes[input.shape]}${input.kind?.name ?? "any artifact"}${input.mayBeLeftOut === true ? ", may be left out" : ""}`,
          input.description
        ])
      )
    ) +
    section(
      "Sources",
      table(
        ["source", "of", "what"],
        Object.entries(kind.sources).map(([name, source]) => [
          name,
          `${source.of}, ${source.default === undefined ? "required" : `default ${source.default}`}`,
          source.description
        ])
      )
    ) +
    section(
      "Parameters",
      table(
        ["parameter", "type", "what"],
        Object.entries(kind.params).map(([name, param]) => [
          name,
          param.type +
            (param.unit === undefined ? "" : ` (${param.unit})`) +
            ("default" in param ? `, default ${JSON.stringify(param.default)}` : ", required"),
          param.description
        ])
      )
    ) +
    section(
      "Metrics",
      table(
        ["metric", "better", "what"],
        Object.entries(kind.metrics).map(([name, metric]) => [
          name,
          (metric.better === "neither" ? "" : `${metric.better}, `) + `equal within ${metric.tolerance}`,
          describeMetric(metric)
        ])
      )
    )
})

export const stageKindPages = (kinds: Readonly<Record<string, StageKind>>): Page => {
  const all = Object.values(kinds).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return {
    name: "stage-kinds",
    title: "Stage kinds",
    text:
      "What `uses:` can name. `pipeline stages KIND` prints the same.\n\n| kind | makes | what |\n| --- | --- | --- |\n" +
      all
        .map((kind) => `| [${kind.name}](stage-kinds/${kind.name}.md) | ${outputOf(kind)} | ${kind.summary} |`)
        .join("\n"),
    children: all.map(pageOf)
  }
}
