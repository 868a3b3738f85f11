/** `pipeline stages [KIND]`: the stage kinds, or what one takes and gives. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { suggest } from "../../words/did-you-mean.ts"
import { loadStageKinds, stageFiles } from "../../catalog/stage-catalog.ts"
import type { StageKind } from "../../stage/stage.ts"
import type { StagesInput } from "../flags/flags.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { describeMetric } from "../../stage/metric.ts"
import { formatTable } from "../render/words.ts"
import { projectHere } from "../experiment/project-here.ts"

const outputOf = ({ output }: StageKind): string =>
  "fromParam" in output ? `what \`${output.fromParam}\` says` : output.name

const describe = (kind: StageKind): string => {
  const inputs = Object.entries(kind.inputs).map(([name, { shape, kind: artifact, description }]) => [
    `  ${name}`,
    `${shape === "one" ? "" : `${shape} of `}${artifact?.name ?? "any artifact"}`,
    description
  ])
  const sources = Object.entries(kind.sources).map(([name, { of, description, default: given }]) => [
    `  ${name}`,
    `source of ${of}`,
    description + (given === undefined ? "" : ` (default ${given})`)
  ])
  const params = Object.entries(kind.params).map(([name, param]) => [
    `  ${name}`,
    param.type + (param.unit === undefined ? "" : `, ${param.unit}`),
    param.description + ("default" in param ? ` (default ${JSON.stringify(param.default)})` : " (required)")
  ])
  const metrics = Object.entries(kind.metrics).map(([name, metric]) => [
    `  ${name}`,
    metric.better === "neither" ? "" : `${metric.better} is better`,
    describeMetric(metric)
  ])
  const section = (title: string, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
    rows.length === 0 ? "" : `\n${title}\n${formatTable(rows)}\n`
  return (
    `${kind.name} -> ${outputOf(kind)}\n${kind.summary}\n` +
    section("inputs", inputs) +
    section("sources", sources) +
    section("parameters", params) +
    section("metrics", metrics)
  )
}

const asJson = (kind: StageKind): unknown => ({
  name: kind.name,
  summary: kind.summary,
  output: "fromParam" in kind.output ? { fromParam: kind.output.fromParam } : kind.output.name,
  inputs: Object.fromEntries(
    Object.entries(kind.inputs).map(([name, input]) => [
      name,
      { shape: input.shape, kind: input.kind?.name ?? null, description: input.description }
    ])
  ),
  sources: kind.sources,
  params: Object.fromEntries(
    Object.entries(kind.params).map(([name, { type, description, unit, default: given }]) => [
      name,
      { type, description, unit, default: given }
    ])
  ),
  metrics: kind.metrics
})

export const stages = Effect.fn("stages")(function* (input: StagesInput) {
  const project = yield* projectHere()
  const kinds = yield* loadStageKinds(stageFiles(project.stageDirectories))
  const all = Object.values(kinds).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  if (Option.isNone(input.kind)) {
    const text = input.json
      ? JSON.stringify(all.map(asJson), null, 2)
      : formatTable(all.map((kind) => [kind.name, `-> ${outputOf(kind)}`, kind.summary]))
    process.stdout.write(`${text}\n`)
    return
  }
  const kind = kinds[input.kind.value]
  if (kind === undefined) {
    const known = suggest(input.kind.value, Object.keys(kinds))
    return yield* new UsageError({ problem: `there is no stage kind "${input.kind.value}"${known}` })
  }
  process.stdout.write(input.json ? `${JSON.stringify(asJson(kind), null, 2)}\n` : describe(kind))
})
