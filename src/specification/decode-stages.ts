/** `stages:` of a pipeline: the form of each stage, and which kind it uses. */
import type { StageKind } from "../stage/stage.ts"
import type { StageDeclaration } from "./declaration.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { namePattern } from "./expression.ts"
import { below, expectMap, fieldsOf, textOf } from "./map-fields.ts"
import type { Entry, MapNode, Node } from "./node.ts"
import { isNull } from "./decode-params.ts"
import type { Problem } from "./problem.ts"

const stageKeys = ["uses", "description", "with", "matrix", "needs", "resources", "retries", "timeout", "temp"] as const
export const resourceKeys = ["gpu", "vram", "cpu", "memory", "disk"] as const
/** Of these a number, of the others bytes. */
export const countedResources: ReadonlySet<string> = new Set(["gpu", "cpu"])

export interface Kinds {
  readonly catalog: Readonly<Record<string, StageKind>>
  /** Names of all kinds that exist, the ones not in `catalog` too. */
  readonly names: ReadonlyArray<string>
}

const kindOf = (
  uses: Entry | undefined,
  path: string,
  kinds: Kinds,
  problems: Array<Problem>
): StageKind | undefined => {
  const name = textOf(uses, path, problems)
  if (uses === undefined || name === undefined) return undefined
  if (Object.hasOwn(kinds.catalog, name)) return kinds.catalog[name]
  const message = `there is no stage kind "${name}"${suggestOrList(name, kinds.names)}`
  problems.push({ at: uses.value.at, path, message })
  return undefined
}

const mapOf = (entry: Entry | undefined, path: string, problems: Array<Problem>): MapNode | undefined =>
  entry === undefined || isNull(entry.value) ? undefined : expectMap(entry.value, path, problems)

const needsOf = (entry: Entry | undefined): ReadonlyArray<Node> => {
  if (entry === undefined || isNull(entry.value)) return []
  return entry.value.type === "list" ? entry.value.items : [entry.value]
}

const decodeStage = (
  name: string,
  entry: Entry,
  kinds: Kinds,
  problems: Array<Problem>
): StageDeclaration | undefined => {
  const path = below("stages", name)
  const map = expectMap(entry.value, path, problems)
  if (map === undefined) return undefined
  const fields = fieldsOf(map, path, stageKeys, problems)
  textOf(fields.description, below(path, "description"), problems)
  if (fields.uses === undefined) {
    const message = `missing: the stage kind${suggestOrList("", kinds.names)}`
    problems.push({ at: entry.keyAt, path: below(path, "uses"), message })
  }
  const resources = mapOf(fields.resources, below(path, "resources"), problems)
  if (resources !== undefined) fieldsOf(resources, below(path, "resources"), resourceKeys, problems)
  return {
    name,
    at: entry.keyAt,
    kind: kindOf(fields.uses, below(path, "uses"), kinds, problems),
    usesAt: fields.uses?.value.at ?? entry.keyAt,
    with: mapOf(fields.with, below(path, "with"), problems)?.entries ?? new Map<string, Entry>(),
    withAt: fields.with?.keyAt ?? entry.keyAt,
    matrix: mapOf(fields.matrix, below(path, "matrix"), problems),
    needs: needsOf(fields.needs),
    resources: resources?.entries ?? new Map<string, Entry>(),
    retries: fields.retries?.value,
    timeout: fields.timeout?.value,
    temp: fields.temp?.value
  }
}

/** A stage with a fault that leaves nothing to go on with is undefined: its name is known all the same. */
export const decodeStages = (
  entry: Entry | undefined,
  kinds: Kinds,
  problems: Array<Problem>
): ReadonlyMap<string, StageDeclaration | undefined> => {
  const stages = new Map<string, StageDeclaration | undefined>()
  const map = entry === undefined ? undefined : expectMap(entry.value, "stages", problems)
  for (const [name, stage] of map?.entries ?? []) {
    if (namePattern.test(name)) stages.set(name, decodeStage(name, stage, kinds, problems))
    else {
      const message = "a name is made of letters, digits, _ and -, a letter first"
      problems.push({ at: stage.keyAt, path: below("stages", name), message })
    }
  }
  if (map !== undefined && map.entries.size === 0) {
    problems.push({ at: map.at, path: "stages", message: "a pipeline needs at least one stage" })
  }
  return stages
}
