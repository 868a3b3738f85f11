/**
 * An experiment with its pipeline, read: parameters with their values, stages with their kinds, what is set from
 * outside. Problems do not stop the reading, so that one look shows all of them.
 */
import type { StageDeclaration, Override } from "./declaration.ts"
import { decodeNode } from "./decode-node.ts"
import { decodeParams } from "./decode-params.ts"
import { decodeStages } from "./decode-stages.ts"
import type { Kinds } from "./decode-stages.ts"
import { ExecutorSettings } from "./executor-settings.ts"
import { Unreadable } from "./expression.ts"
import type { Location } from "./location.ts"
import { expectMap, fieldsOf, textOf } from "./map-fields.ts"
import type { Entry, MapNode } from "./node.ts"
import { parseAssignment, parseTarget } from "./override.ts"
import type { Problem } from "./problem.ts"
import { readYaml } from "./read-yaml.ts"
import type { ReadYaml } from "./read-yaml.ts"
import { resolveParams } from "./resolve-params.ts"
import type { ParamNodes } from "./resolve-params.ts"

export interface SourceText {
  /** As messages name it: relative to where the command was typed. */
  readonly file: string
  readonly text: string
}

/** A file that is named, and why its text is not there. */
export interface UnreadFile {
  readonly file: string
  readonly problem: string
}

export interface Specification {
  /** `name:` of the experiment, or its file's name. */
  readonly name: string
  /** Of the experiment, else of its pipeline. */
  readonly description: string | undefined
  readonly params: ParamNodes
  readonly stages: ReadonlyMap<string, StageDeclaration | undefined>
  /** Of stages; those of parameters are in `params` already. Later ones win. */
  readonly overrides: ReadonlyArray<Override>
  /** Those of the command line, of stages and of parameters. */
  readonly assigned: ReadonlyArray<Override>
  /** Who runs the jobs of the experiment, and where it is written; undefined where it does not say. */
  readonly executor: { readonly at: Location; readonly settings: ExecutorSettings } | undefined
}

export interface SpecificationInput {
  readonly experiment: SourceText
  /** The file that `pipelineOf(experiment)` names; absent where it names none. */
  readonly pipeline?: SourceText | UnreadFile
  /** `--set` arguments, in order. */
  readonly assignments?: ReadonlyArray<string>
  readonly catalog: Kinds["catalog"]
  /** Names of all kinds, where `catalog` holds only those that the files use. */
  readonly kindNames?: ReadonlyArray<string>
}

const experimentKeys = ["name", "description", "pipeline", "params", "overrides", "stages", "executor"] as const
const pipelineKeys = ["name", "description", "params", "stages"] as const

/** A text is asked for its pipeline, then for its kinds, then read: it is parsed once. */
const parsed = new WeakMap<SourceText, ReadYaml>()
const parseOnce = (source: SourceText): ReadYaml => {
  const known = parsed.get(source) ?? readYaml(source.file, source.text)
  parsed.set(source, known)
  return known
}

const topMap = (source: SourceText, problems: Array<Problem>): MapNode | undefined => {
  const { node, problems: found } = parseOnce(source)
  problems.push(...found)
  if (node === undefined) return undefined
  if (node.type === "scalar" && node.value === null) {
    problems.push({ at: node.at, path: "", message: "the file is empty" })
    return undefined
  }
  return expectMap(node, "", problems)
}

/**
 * Which pipeline file an experiment names, relative to the folder of the experiment's file; undefined where it names
 * none, or where its text cannot be read (which `readSpecification` reports).
 */
export const pipelineOf = (experiment: SourceText): string | undefined => {
  const node = topMap(experiment, [])?.entries.get("pipeline")?.value
  return node?.type === "scalar" && typeof node.value === "string" ? node.value : undefined
}

/** Names of the stage kinds that a file uses: what a catalog must hold at least. */
export const kindsUsed = (text: SourceText): ReadonlyArray<string> => {
  const stages = topMap(text, [])?.entries.get("stages")?.value
  if (stages?.type !== "map") return []
  const names = [...stages.entries.values()].map(({ value }) => {
    const uses = value.type === "map" ? value.entries.get("uses")?.value : undefined
    return uses?.type === "scalar" && typeof uses.value === "string" ? uses.value : undefined
  })
  return [...new Set(names.filter((name) => name !== undefined))]
}

const baseName = (file: string): string => (file.split(/[/\\]/).at(-1) as string).replace(/\.ya?ml$/, "")

const decodeOverrides = (entry: Entry | undefined, problems: Array<Problem>): ReadonlyArray<Override> => {
  const map = entry === undefined ? undefined : expectMap(entry.value, "overrides", problems)
  return [...(map?.entries ?? [])].flatMap(([path, { keyAt, value }]) => {
    const target = parseTarget(path)
    if (!(target instanceof Unreadable)) return [{ at: keyAt, path, target, value }]
    problems.push({ at: keyAt, path: `overrides.${path}`, message: target.message })
    return []
  })
}

const noStages = (problems: Array<Problem>, at: Location, path: string, message: string): undefined => {
  problems.push({ at, path, message })
}

/** The fields of the pipeline: of its own file, or of the experiment that holds `stages:` itself. */
const pipelineFields = (
  fields: { readonly [key in (typeof experimentKeys)[number]]?: Entry },
  top: MapNode,
  pipeline: SpecificationInput["pipeline"],
  problems: Array<Problem>
): { readonly params?: Entry; readonly stages?: Entry; readonly description?: Entry } | undefined => {
  if (fields.pipeline === undefined) {
    if (fields.stages !== undefined) return fields
    return noStages(
      problems,
      top.at,
      "",
      "an experiment names its pipeline (`pipeline: FILE`), or holds `stages:` itself"
    )
  }
  if (fields.stages !== undefined) {
    const message = "the experiment names a pipeline, so the stages are that file's; leave out one of the two"
    return noStages(problems, fields.stages.keyAt, "stages", message)
  }
  const path = textOf(fields.pipeline, "pipeline", problems)
  if (path === undefined) return undefined
  if (pipeline === undefined) {
    const message = `cannot read ${path} (relative to the folder of this file)`
    return noStages(problems, fields.pipeline.value.at, "pipeline", message)
  }
  if ("problem" in pipeline) {
    return noStages(problems, fields.pipeline.value.at, "pipeline", `${pipeline.file}: ${pipeline.problem}`)
  }
  const map = topMap(pipeline, problems)
  if (map === undefined) return undefined
  const inner = fieldsOf(map, "", pipelineKeys, problems)
  textOf(inner.name, "name", problems)
  textOf(inner.description, "description", problems)
  if (inner.stages === undefined) return noStages(problems, map.at, "stages", "missing: a pipeline holds stages")
  return inner
}

export const readSpecification = (input: SpecificationInput, problems: Array<Problem>): Specification | undefined => {
  const assigned = (input.assignments ?? []).flatMap((argument) => parseAssignment(argument, problems) ?? [])
  const top = topMap(input.experiment, problems)
  if (top === undefined) return undefined
  const fields = fieldsOf(top, "", experimentKeys, problems)
  const name = textOf(fields.name, "name", problems) ?? baseName(input.experiment.file)
  const ownDescription = textOf(fields.description, "description", problems)
  const overrides = [...decodeOverrides(fields.overrides, problems), ...assigned]
  const executor = fields.executor && {
    at: fields.executor.keyAt,
    settings: decodeNode(ExecutorSettings, fields.executor.value, "executor", problems) ?? {}
  }
  const pipeline = pipelineFields(fields, top, input.pipeline, problems)
  if (pipeline === undefined) return undefined

  // What is wrong with it is reported already.
  const description = ownDescription ?? textOf(pipeline.description, "description", [])
  const declarations = decodeParams(pipeline.params, problems)
  const own = fields.pipeline === undefined
  const given = own || fields.params === undefined ? undefined : expectMap(fields.params.value, "params", problems)
  const missingAt = own ? undefined : (fields.params?.keyAt ?? top.at)
  const params = resolveParams(declarations, given, overrides, missingAt, problems)
  const kinds = { catalog: input.catalog, names: input.kindNames ?? Object.keys(input.catalog) }
  const stages = decodeStages(pipeline.stages, kinds, problems)
  return {
    name,
    description,
    params,
    stages,
    assigned,
    overrides: overrides.filter(({ target }) => target.kind === "stage"),
    executor
  }
}
