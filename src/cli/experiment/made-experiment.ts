/** What a page says of the experiment around its report, from the plan: what stands behind the keys, and nothing else. */
import type { Experiment } from "../../experiment/load-experiment.ts"
import type { Plan } from "../../plan/plan.ts"
import type { MethodStage } from "../../report/page/methods-text.ts"
import type { Fact, RunReportInput } from "../../report/page/made-experiment.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { items } from "../../stage/wiring.ts"
import { quoted } from "../render/what-next.ts"

const unique = (values: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(values)]

const distinct = (values: ReadonlyArray<string>): string => unique(values).join("; ")

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

/** Runs are named after when they started, in UTC: `20310102-030405-ab12`. */
const dateOf = (run: string): string => run.replace(/^(\d{4})(\d\d)(\d\d)-.*$/, "$1-$2-$3")

const methodStages = (plan: Plan<ActionRecord>): ReadonlyArray<MethodStage> => {
  const stageOf = new Map(plan.stages.map(({ instance }) => [instance.id, instance.stage]))
  return [...Map.groupBy(plan.stages, ({ instance }) => instance.stage)].flatMap(([stage, planned]) => {
    const kind = planned[0]?.instance.kind
    if (kind === undefined) return []
    return [
      {
        stage,
        kind: kind.name,
        summary: kind.summary,
        instances: planned.map(({ instance: { at, params, sources, inputs } }) => ({
          at,
          params,
          sources,
          inputs: Object.fromEntries(
            Object.entries(inputs).map(([name, wiring]) => [
              name,
              unique(items(wiring).map(({ instance }) => stageOf.get(instance) ?? instance))
            ])
          )
        }))
      }
    ]
  })
}

type Provenance = NonNullable<ActionRecord["provenance"]>

/** One text a version of this program, with the commits of it that computed. */
const codeVersions = (all: ReadonlyArray<Provenance>): ReadonlyArray<string> =>
  [...Map.groupBy(all, ({ version }) => version)].map(([version, own]) => {
    const commits = unique(
      own.flatMap(({ code }) =>
        code === null ? [] : [`${code.commit.slice(0, 10)}${code.dirty ? " with changes" : ""}`]
      )
    )
    const name = commits.length === 1 ? "commit" : "commits"
    return `sae-pipeline ${version}${commits.length === 0 ? "" : `, ${name} ${commits.join(", ")}`}`
  })

export const madeExperiment = (
  experiment: Experiment,
  plan: Plan<ActionRecord>,
  set: ReadonlyArray<string>
): Omit<RunReportInput, "report"> => {
  const { compiled, file, name } = experiment
  const records = plan.stages.flatMap(({ instance, found }) =>
    found === undefined ? [] : [{ id: instance.id, found }]
  )
  const dates = records.map(({ found }) => dateOf(found.run)).toSorted()
  const sources = plan.stages.flatMap(({ instance }) =>
    Object.values(instance.sources).map((uri): Fact => [instance.stage, uri])
  )
  const code = codeVersions(records.flatMap(({ found: { provenance } }) => provenance ?? []))
  const engines = records.flatMap(({ found: { engine } }) =>
    engine === null ? [] : [`${engine.name} ${engine.version} on ${engine.device} (${engine.isa})`]
  )
  const nodes = records.flatMap(({ found: { provenance } }) =>
    provenance === undefined ? [] : [`Node.js ${provenance.node.replace(/^v/, "")}`]
  )
  const packages = records.flatMap(({ found: { manifest } }) =>
    Object.entries(manifest.code.packages).map(([name, version]) => `${name} ${version}`)
  )
  const hosts = records.flatMap(({ found: { provenance } }) => provenance?.host ?? [])
  const named = (label: string, values: ReadonlyArray<string>): ReadonlyArray<Fact> =>
    values.length === 0 ? [] : [[label, distinct(values)]]
  const settings = set.map((each) => ` --set ${quoted(each)}`).join("")
  const [first = "", last = ""] = [dates.at(0), dates.at(-1)]
  return {
    name: compiled.name,
    description: compiled.description,
    commands: ["run", "report"].map((command) => `pipeline ${command} ${quoted(file)}${settings}`),
    facts: [
      ["experiment", name],
      ...Map.groupBy(sources, ([stage]) => stage)
        .entries()
        .map(([stage, facts]): Fact => [stage, distinct(facts.map(([, uri]) => uri))]),
      ...named("engine", engines),
      ...named("code", code),
      ...named("machine", hosts),
      ...named("computed", dates.length === 0 ? [] : [first === last ? first : `${first} to ${last}`])
    ],
    parameters: Object.entries(compiled.params).map(([parameter, value]): Fact => [parameter, text(value)]),
    code,
    methods: {
      stages: methodStages(plan),
      versions: [...code, ...unique(engines), ...unique(nodes), ...unique(packages).toSorted()]
    },
    graph: plan.stages.map(({ instance }) => ({
      id: instance.id,
      stage: instance.stage,
      kind: instance.kind.name,
      needs: instance.needs
    })),
    results: records.map(({ id, found }) => ({
      id,
      seconds: found.seconds,
      cpuSeconds: found.provenance?.cpuSeconds,
      peakMemory: found.provenance?.peakMemory,
      run: found.run
    }))
  }
}
