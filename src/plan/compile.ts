/** From the texts of an experiment and its pipeline to the graph of what can run, or to all that is wrong in them. */
import * as Result from "effect/Result"
import type { ExecutorSettings } from "../specification/executor-settings.ts"
import type { Json } from "../json/canonical-json.ts"
import { toJson } from "../specification/node.ts"
import { sortProblems } from "../specification/problem.ts"
import type { Problem } from "../specification/problem.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { readSpecification } from "../specification/specification.ts"
import type { Specification, SpecificationInput } from "../specification/specification.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { buildGraph } from "./build-graph.ts"
import type { Graph } from "./stage-instance.ts"

export interface Compiled {
  /** `name:` of the experiment, or its file's name. */
  readonly name: string
  readonly description: string | undefined
  /** The pipeline's parameters with their values. */
  readonly params: Readonly<Record<string, Json>>
  readonly graph: Graph
  /** What is not wrong, but may not be what a person expects. */
  readonly notes: ReadonlyArray<Problem>
  /** What the experiment says of who runs its jobs. */
  readonly executor: ExecutorSettings
}

export interface CompileInput extends SpecificationInput {
  /** Names of all artifact kinds. */
  readonly artifactKinds: ReadonlyArray<string>
}

/** Settings of stages name stages: a slip of the pen would be without effect. */
const executorOf = ({ executor, stages }: Specification, problems: Array<Problem>): ExecutorSettings => {
  if (executor === undefined) return {}
  const { at, settings } = executor
  for (const name of ["slurm", "command"] as const) {
    for (const stage of Object.keys(settings[name]?.stages ?? {})) {
      if (stages.has(stage)) continue
      const hint = suggestOrList(stage, [...stages.keys()])
      problems.push({ at, path: `executor.${name}.stages.${stage}`, message: `there is no such stage${hint}` })
    }
  }
  return settings
}

export const compile = (input: CompileInput): Result.Result<Compiled, SpecInvalid> => {
  const problems: Array<Problem> = []
  const specification = readSpecification(input, problems)
  const built = specification === undefined ? undefined : buildGraph(specification, input.artifactKinds, problems)
  const executor = specification === undefined ? undefined : executorOf(specification, problems)
  if (specification === undefined || built === undefined || executor === undefined || problems.length > 0) {
    return Result.fail(new SpecInvalid({ problems: sortProblems(problems), sources: built?.sources ?? [] }))
  }
  const { graph, notes } = built
  const { name, description } = specification
  const params: Record<string, Json> = {}
  for (const [param, node] of specification.params) if (node !== undefined) params[param] = toJson(node)
  return Result.succeed({ name, description, params, graph, notes, executor })
}
