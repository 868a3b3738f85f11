/** From a specification to the graph of stage instances: matrices expanded, references resolved, everything checked. */
import type { Specification } from "../specification/specification.ts"
import type { StageDeclaration } from "../specification/declaration.ts"
import { parseExpression, parseTemplate, Unreadable } from "../specification/expression.ts"
import type { StageExpression } from "../specification/expression.ts"
import type { Location } from "../specification/location.ts"
import type { Node } from "../specification/node.ts"
import { show } from "../specification/node.ts"
import type { Problem } from "../specification/problem.ts"
import type { NamedSource } from "../specification/spec-invalid.ts"
import type { SourceOf } from "../stage/source.ts"
import { applyOverride, instancesOf, isMatrixOverride, overridePath, overridesOf } from "./apply-overrides.ts"
import type { StageOverride } from "./apply-overrides.ts"
import { checkWith } from "./check-with.ts"
import { evaluate, evaluateStage, stagesIn } from "./evaluate.ts"
import type { ExpandedStage, Row, Scope } from "./evaluate.ts"
import { expandMatrix } from "./expand-matrix.ts"
import { MOST_INSTANCES, MOST_VALUES, showCount } from "./limits.ts"
import { upstreamOf } from "./manifest.ts"
import { overrideNotes } from "./override-notes.ts"
import { runSettings } from "./run-settings.ts"
import { sameInstances } from "./same-instances.ts"
import type { Graph, StageInstance } from "./stage-instance.ts"
import { stageOrder } from "./stage-order.ts"
import { topological } from "./topological.ts"
import type { Given } from "./with-reading.ts"

/** `capture`, `sae[width=512]` or `${{ stages.sae[*] }}`, as it may stand in `needs`. */
const needExpression = (node: Node): StageExpression | Unreadable => {
  const text = node.type === "scalar" && typeof node.value === "string" ? node.value : undefined
  if (text === undefined) return new Unreadable(`expected the name of a stage, got ${show(node)}`)
  const template = parseTemplate(text)
  if (template instanceof Unreadable) return template
  const expression =
    template.kind === "whole"
      ? template.expression
      : template.kind === "text"
        ? parseExpression(`stages.${text}`)
        : template
  if (expression instanceof Unreadable || expression.kind !== "stage") {
    return new Unreadable(`expected the name of a stage, got ${show(node)}`)
  }
  return expression
}

/** Names of all stages that a stage refers to, anywhere. */
const references = (stage: StageDeclaration, overrides: ReadonlyArray<StageOverride>): ReadonlyArray<string> => {
  const nodes = [
    ...[...stage.with.values(), ...stage.resources.values()].map(({ value }) => value),
    ...(stage.matrix === undefined ? [] : [stage.matrix]),
    ...overrides.map(({ value }) => value)
  ]
  const needs = stage.needs.map(needExpression).flatMap((need) => (need instanceof Unreadable ? [] : [need.stage]))
  return [...new Set([...nodes.flatMap(stagesIn), ...needs])]
}

interface Builder {
  readonly specification: Specification
  readonly artifactKinds: ReadonlyArray<string>
  readonly expanded: Map<string, ExpandedStage | undefined>
  /** Instance id -> name of the artifact kind that comes out. */
  readonly outputs: Map<string, string>
  readonly instances: Map<string, StageInstance>
  readonly problems: Array<Problem>
  readonly notes: Array<Problem>
  readonly sources: Array<NamedSource>
  /** Instances, and what they hold, so far; `full` where that is too much. */
  rows: number
  values: number
  full: boolean
}

const evaluateNeeds = (scope: Scope, stage: StageDeclaration): ReadonlyArray<string> =>
  stage.needs.flatMap((node) => {
    const place = { at: node.at, path: `stages.${stage.name}.needs` }
    const expression = needExpression(node)
    if (!(expression instanceof Unreadable)) {
      return (evaluateStage(scope, place, expression, "several") ?? []).map(({ id }) => id)
    }
    scope.problems.push({ ...place, message: expression.message })
    return []
  })

const buildInstance = (builder: Builder, stage: StageDeclaration, row: Row): void => {
  const { specification, problems, outputs } = builder
  const { kind } = stage
  const scope: Scope = { params: specification.params, row, stages: builder.expanded, problems }
  const given = new Map<string, Given>()
  for (const [name, { keyAt, value }] of stage.with) {
    given.set(name, { keyAt, at: value.at, value: evaluate(scope, value, `stages.${stage.name}.with.${name}`) })
  }
  const needs = evaluateNeeds(scope, stage)
  if (kind === undefined) {
    runSettings(scope, stage, {})
    return
  }
  const wired = checkWith({
    stage: stage.name,
    kind,
    given,
    withAt: stage.withAt,
    stageNames: [...specification.stages.keys()],
    artifactKinds: builder.artifactKinds,
    outputOf: (id) => outputs.get(id),
    problems
  })
  const settings = runSettings(scope, stage, wired.decoded?.resources ?? {})
  const output = "fromParam" in kind.output ? wired.params[kind.output.fromParam] : kind.output.name
  if (typeof output !== "string") return
  // Known even where something else of the stage is wrong: what is wired to it can be checked.
  outputs.set(row.id, output)
  const { params, sources, inputs, decoded } = wired
  for (const [name, uri] of Object.entries(sources)) {
    const { of } = kind.sources[name] as { readonly of: SourceOf }
    const at = wired.origins[`sources.${name}`] ?? stage.usesAt
    builder.sources.push({ uri, of, at, path: `stages.${stage.name}.with.${name}` })
  }
  if (decoded === undefined || row.unknown !== undefined) return
  const origins: Record<string, Location> = {
    ...wired.origins,
    ...settings.origins,
    stage: stage.at,
    "stage.uses": stage.usesAt
  }
  const instance: StageInstance = {
    id: row.id,
    stage: stage.name,
    at: row.at,
    kind,
    output,
    params,
    sources,
    inputs,
    decoded,
    needs: [],
    order: 0,
    ...settings,
    origins
  }
  builder.values += size(params) + size(inputs) + needs.length
  builder.instances.set(row.id, { ...instance, needs: [...new Set([...upstreamOf(instance), ...needs])] })
}

/** Said once: what stands below the stage is not built either. */
const tooLarge = (builder: Builder, { name, matrix, at }: StageDeclaration, message: string): void => {
  builder.expanded.set(name, undefined)
  if (!builder.full) builder.problems.push({ at: matrix?.at ?? at, path: `stages.${name}.matrix`, message })
  builder.full = true
}

/** Values in JSON, containers included. */
const size = (value: unknown): number => {
  if (typeof value !== "object" || value === null) return 1
  return Object.values(value).reduce((sum: number, item) => sum + size(item), 1)
}

const buildStage = (builder: Builder, declared: StageDeclaration): void => {
  const { specification, expanded, problems } = builder
  const overrides = overridesOf(specification.overrides, declared.name)
  const stage = overrides
    .filter(isMatrixOverride)
    .reduce((each, override) => applyOverride(each, override, problems), declared)
  const scope: Scope = { params: specification.params, stages: expanded, problems }
  const rows = expandMatrix(scope, stage)
  if (rows === undefined) {
    // Its rows are not known, but what is wrong in the rest of it can be told all the same.
    const unknown = [...(stage.matrix?.entries.keys() ?? [])].filter((axis) => axis !== "include" && axis !== "exclude")
    buildInstance(builder, stage, { id: stage.name, at: {}, values: new Map(), unknown })
    return
  }
  expanded.set(stage.name, { name: stage.name, rows })
  const { assigned } = specification
  const chosen = [...instancesOf(scope, overrides, ({ at }) => at.line !== 0 && assigned.length > 0)]
  builder.notes.push(...overrideNotes(stage, chosen, assigned))
  builder.rows += rows.length
  if (builder.rows > MOST_INSTANCES) {
    const own = `${showCount(rows.length)} instances make ${showCount(builder.rows)} with those of other stages`
    return tooLarge(builder, stage, `${own}; an experiment has at most ${showCount(MOST_INSTANCES)}`)
  }
  for (const row of rows) {
    if (builder.values > MOST_VALUES) {
      const most = `${showCount(MOST_VALUES)} values and references to artifacts`
      return tooLarge(builder, stage, `its instances hold, with those of other stages, more than ${most}`)
    }
    const own = chosen.filter(([, ids]) => ids.has(row.id)).map(([override]) => override)
    buildInstance(
      builder,
      own.reduce((each, override) => applyOverride(each, override, problems), stage),
      row
    )
  }
  const built = rows.flatMap(({ id }) => builder.instances.get(id) ?? [])
  const same = sameInstances(stage, built)
  problems.push(...same.problems)
  builder.notes.push(...same.notes)
}

export interface BuiltGraph {
  readonly graph: Graph
  /** Nothing that is wrong, but worth telling. */
  readonly notes: ReadonlyArray<Problem>
  /** Of all stages, of those with a fault too. */
  readonly sources: ReadonlyArray<NamedSource>
}

/** The graph; what is wrong is added to `problems`, and the graph is of use only where nothing is. */
export const buildGraph = (
  specification: Specification,
  artifactKinds: ReadonlyArray<string>,
  problems: Array<Problem>
): BuiltGraph => {
  const { stages, overrides } = specification
  const builder: Builder = {
    specification,
    artifactKinds,
    expanded: new Map([...stages.keys()].map((name) => [name, undefined])),
    outputs: new Map(),
    instances: new Map(),
    problems,
    notes: [],
    sources: [],
    rows: 0,
    values: 0,
    full: false
  }
  const needs = new Map<string, ReadonlyArray<string>>()
  for (const [name, stage] of stages) {
    const named = stage === undefined ? [] : references(stage, overridesOf(overrides, name))
    needs.set(
      name,
      named.filter((other) => stages.has(other))
    )
  }
  const { order, cycles } = stageOrder(needs)
  for (const cycle of cycles) {
    const name = cycle[0] as string
    const at = stages.get(name)?.at as Location
    problems.push({
      at,
      path: `stages.${name}`,
      message: `the stages need each other in a circle: ${cycle.join(" -> ")}`
    })
  }
  for (const name of order) {
    const stage = stages.get(name)
    if (stage !== undefined) buildStage(builder, stage)
  }
  const scope: Scope = { params: specification.params, stages: builder.expanded, problems }
  for (const override of overrides) {
    const { target } = override
    if (target.kind !== "stage" || stages.has(target.stage)) continue
    evaluateStage(scope, { at: override.at, path: overridePath(override) }, { ...target, kind: "stage" })
  }
  const declared = [...stages.keys()].flatMap((name) => builder.expanded.get(name)?.rows ?? [])
  const instances = declared.flatMap(({ id }, order) => {
    const instance = builder.instances.get(id)
    return instance === undefined ? [] : [{ ...instance, order }]
  })
  return { graph: { instances: topological(instances) }, notes: builder.notes, sources: builder.sources }
}
