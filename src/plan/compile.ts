/** From the texts of an experiment and its pipeline to the graph of what can run, or to all that is wrong in them. */
import * as Result from "effect/Result"
import type { Json } from "../json/canonical-json.ts"
import { toJson } from "../specification/node.ts"
import { sortProblems } from "../specification/problem.ts"
import type { Problem } from "../specification/problem.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { readSpecification } from "../specification/specification.ts"
import type { SpecificationInput } from "../specification/specification.ts"
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
}

export interface CompileInput extends SpecificationInput {
  /** Names of all artifact kinds. */
  readonly artifactKinds: ReadonlyArray<string>
}

export const compile = (input: CompileInput): Result.Result<Compiled, SpecInvalid> => {
  const problems: Array<Problem> = []
  const specification = readSpecification(input, problems)
  const built = specification === undefined ? undefined : buildGraph(specification, input.artifactKinds, problems)
  if (specification === undefined || built === undefined || problems.length > 0) {
    return Result.fail(new SpecInvalid({ problems: sortProblems(problems), sources: built?.sources ?? [] }))
  }
  const { graph, notes } = built
  const { name, description } = specification
  const params: Record<string, Json> = {}
  for (const [param, node] of specification.params) if (node !== undefined) params[param] = toJson(node)
  return Result.succeed({ name, description, params, graph, notes })
}
