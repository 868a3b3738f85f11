/**
 * The metadata of a Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5): the experiment as a workflow, its stages as
 * steps, and for every result the action that made it, from the action records. RO-Crate 1.1, as JSON-LD.
 */
import type { Json } from "../../json/canonical-json.ts"

export interface CrateFile {
  /** In the crate, with `/`. */
  readonly path: string
  readonly size: number
  readonly sha256: string
}

export interface CrateStage {
  readonly id: string
  readonly kind: string
  readonly summary: string
  readonly params: Readonly<Record<string, Json>>
  /** Source name -> URI as written. */
  readonly sources: Readonly<Record<string, string>>
  /** Ids of the stages whose results it took. */
  readonly inputs: ReadonlyArray<string>
  readonly key: string
  readonly digest: string
  /** Name of the artifact kind. */
  readonly output: string
  /** Sum of its files. */
  readonly bytes: number
  readonly metrics: Readonly<Record<string, number>>
  readonly codeDigest: string
  readonly packages: Readonly<Record<string, string>>
  /** ISO times of the run that computed it; undefined where the store no longer has that run. */
  readonly started: string | undefined
  readonly ended: string | undefined
  readonly seconds: number
  readonly machine: Readonly<Record<string, string | number>>
  /** Folder of the result in the crate, ending in `/`. */
  readonly folder: string
  readonly files: ReadonlyArray<CrateFile>
}

export interface CrateInput {
  readonly name: string
  readonly description: string
  /** ISO. */
  readonly published: string
  /** URL or text; undefined: none is stated. */
  readonly licence: string | undefined
  readonly version: string
  readonly params: Readonly<Record<string, Json>>
  /** The experiment's file, first, and that of its pipeline. */
  readonly sources: readonly [CrateFile, ...ReadonlyArray<CrateFile>]
  /** For people who open the folder. */
  readonly readme: CrateFile
  /** In topological order. */
  readonly stages: ReadonlyArray<CrateStage>
}

type Entity = { readonly "@id": string; readonly "@type": string | ReadonlyArray<string> } & Readonly<
  Record<string, unknown>
>

const ref = (id: string): { readonly "@id": string } => ({ "@id": id })
const refs = (entities: ReadonlyArray<{ readonly "@id": string }>) => entities.map((entity) => ref(entity["@id"]))
const local = (kind: string, name: string): string => `#${kind}-${encodeURIComponent(name)}`
const pathId = (path: string): string => path.split("/").map(encodeURIComponent).join("/")
const textOf = (value: Json): string => (typeof value === "string" ? value : JSON.stringify(value))

const HOME = "https://www.npmjs.com/package/sae-pipeline"

const profiles = {
  process: "https://w3id.org/ro/wfrun/process/0.5",
  workflow: "https://w3id.org/ro/wfrun/workflow/0.5",
  provenance: "https://w3id.org/ro/wfrun/provenance/0.5",
  workflowCrate: "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
}

const fileEntity = ({ path, size, sha256 }: CrateFile, more: Readonly<Record<string, unknown>> = {}): Entity => ({
  "@id": pathId(path),
  "@type": "File",
  name: path.split("/").at(-1),
  contentSize: String(size),
  sha256,
  encodingFormat:
    path.endsWith(".yaml") || path.endsWith(".yml")
      ? "application/yaml"
      : path.endsWith(".json")
        ? "application/json"
        : "application/octet-stream",
  ...more
})

/** As RO-Crate recommends: one value stands alone, and none is left out. */
const compact = (entity: Entity): unknown =>
  Object.fromEntries(
    Object.entries(entity)
      .filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0))
      .map(([name, value]) => [name, Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : value])
  )

const values = (owner: string, given: Readonly<Record<string, Json>>): ReadonlyArray<Entity> =>
  Object.entries(given).map(([name, value]) => ({
    "@id": local("value", `${owner}/${name}`),
    "@type": "PropertyValue",
    name,
    value: textOf(value)
  }))

const stageEntities = (stage: CrateStage, position: number, folderOf: ReadonlyMap<string, string>) => {
  const { id, kind, metrics, started, ended } = stage
  const files = stage.files.map((file) => fileEntity(file))
  const folder: Entity = {
    "@id": pathId(stage.folder),
    "@type": "Dataset",
    name: `${id}: ${stage.output}`,
    description: `${stage.output} of ${stage.bytes} bytes; the digest is that of its list of files`,
    identifier: `sha256:${stage.digest}`,
    hasPart: refs(files)
  }
  const given = values(id, { ...stage.sources, ...stage.params })
  const measured = values(`${id}/metrics`, metrics)
  const facts = values(`${id}/machine`, {
    ...stage.machine,
    seconds: stage.seconds,
    key: stage.key,
    code: stage.codeDigest
  })
  const action: Entity = {
    "@id": local("action", id),
    "@type": "CreateAction",
    name: `${kind} for ${id}`,
    instrument: ref(local("kind", kind)),
    object: [
      ...refs(given),
      ...stage.inputs.flatMap((input) => folderOf.get(input) ?? []).map((path) => ref(pathId(path)))
    ],
    result: [ref(folder["@id"]), ...refs(measured)],
    additionalProperty: refs(facts),
    actionStatus: "http://schema.org/CompletedActionStatus",
    description: `computed ${stage.output} sha256:${stage.digest} in ${stage.seconds} s`,
    ...(started === undefined ? {} : { startTime: started }),
    ...(ended === undefined ? {} : { endTime: ended })
  }
  const step: Entity = {
    "@id": local("step", id),
    "@type": "HowToStep",
    name: id,
    position: String(position),
    workExample: ref(local("kind", kind))
  }
  const control: Entity = {
    "@id": local("control", id),
    "@type": "ControlAction",
    name: `orchestrates ${id}`,
    instrument: ref(step["@id"]),
    object: ref(action["@id"])
  }
  return { folder, files, action, step, control, rest: [...given, ...measured, ...facts] }
}

const tools = (stages: ReadonlyArray<CrateStage>, version: string): ReadonlyArray<Entity> =>
  [...new Map(stages.map((stage) => [stage.kind, stage])).values()].map(({ kind, summary, packages }) => ({
    "@id": local("kind", kind),
    "@type": "SoftwareApplication",
    name: kind,
    url: HOME,
    description: summary,
    softwareVersion: version,
    softwareRequirements: Object.entries(packages).map(([name, of]) => `${name}@${of}`)
  }))

export const makeCrate = (input: CrateInput): unknown => {
  const { stages, sources, version } = input
  const folderOf = new Map(stages.map(({ id, folder }) => [id, folder]))
  const made = stages.map((stage, i) => stageEntities(stage, i, folderOf))
  const used = new Set(stages.flatMap(({ inputs }) => inputs))
  const last = stages.filter(({ id }) => !used.has(id))
  const kinds = tools(stages, version)
  const formalInputs = Object.entries(input.params).map(([name, value]): Entity => ({
    "@id": local("param", name),
    "@type": "FormalParameter",
    additionalType: typeof value === "number" ? "Number" : typeof value === "boolean" ? "Boolean" : "Text",
    conformsTo: ref("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
    name
  }))
  const formalOutputs = last.map(({ id }): Entity => ({
    "@id": local("output", id),
    "@type": "FormalParameter",
    additionalType: "Dataset",
    conformsTo: ref("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
    name: id
  }))
  const given = values("experiment", input.params).map((value) => ({
    ...value,
    exampleOfWork: ref(local("param", String(value["name"])))
  }))
  const [experiment, ...pipelines] = sources
  const pipelineFiles = pipelines.map((file) => fileEntity(file))
  const language: Entity = {
    "@id": "#sae-pipeline-language",
    "@type": "ComputerLanguage",
    name: "sae-pipeline experiment",
    identifier: HOME,
    url: HOME
  }
  const engine: Entity = {
    "@id": "#sae-pipeline",
    "@type": "SoftwareApplication",
    name: "sae-pipeline",
    softwareVersion: version,
    url: HOME
  }
  const workflow = fileEntity(experiment, {
    "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
    name: input.name,
    version: experiment.sha256.slice(0, 12),
    url: HOME,
    conformsTo: ref("https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"),
    programmingLanguage: ref(language["@id"]),
    input: refs(formalInputs),
    output: refs(formalOutputs),
    step: refs(made.map(({ step }) => step)),
    hasPart: [...refs(kinds), ...refs(pipelineFiles)]
  })
  const times = stages.flatMap(({ started, ended }) => [started ?? [], ended ?? []].flat()).toSorted()
  const span = times.length === 0 ? {} : { startTime: times[0], endTime: times.at(-1) }
  const whole: Entity = {
    "@id": "#run",
    "@type": "CreateAction",
    name: `run of ${input.name}`,
    description: `the results of ${stages.length} stages, some of them from the cache`,
    instrument: ref(workflow["@id"]),
    object: refs(given),
    result: last.map(({ folder }) => ref(pathId(folder))),
    ...span
  }
  const organised: Entity = {
    "@id": "#organize",
    "@type": "OrganizeAction",
    name: `sae-pipeline ${version}`,
    instrument: ref(engine["@id"]),
    object: refs(made.map(({ control }) => control)),
    result: ref(whole["@id"]),
    ...span
  }
  const licence: Entity =
    input.licence !== undefined && URL.canParse(input.licence)
      ? { "@id": input.licence, "@type": "CreativeWork", name: input.licence, description: input.licence }
      : {
          "@id": "#licence",
          "@type": "CreativeWork",
          name: input.licence ?? "no licence is stated",
          description: input.licence ?? "who made this crate has stated no licence: ask before you use it"
        }
  const conforms = Object.values(profiles)
  const results = made.map(({ folder }) => {
    const output = last.find((stage) => pathId(stage.folder) === folder["@id"])
    return output === undefined ? folder : { ...folder, exampleOfWork: ref(local("output", output.id)) }
  })
  const readme = fileEntity(input.readme, { encodingFormat: "text/markdown", about: ref("./") })
  const root: Entity = {
    "@id": "./",
    "@type": "Dataset",
    name: input.name,
    description: input.description,
    datePublished: input.published,
    license: ref(licence["@id"]),
    conformsTo: conforms.map(ref),
    mainEntity: ref(workflow["@id"]),
    mentions: [ref(organised["@id"]), ref(whole["@id"]), ...refs(made.map(({ action }) => action))],
    hasPart: [ref(workflow["@id"]), ref(readme["@id"]), ...refs(pipelineFiles), ...refs(results)]
  }
  const descriptor: Entity = {
    "@id": "ro-crate-metadata.json",
    "@type": "CreativeWork",
    about: ref("./"),
    conformsTo: [ref("https://w3id.org/ro/crate/1.1"), ref(profiles.workflowCrate)]
  }
  const profileEntities = conforms.map((id): Entity => ({
    "@id": id,
    "@type": "CreativeWork",
    name: id.split("/").slice(-2).join(" "),
    version: id.split("/").at(-1) ?? ""
  }))
  return {
    "@context": ["https://w3id.org/ro/crate/1.1/context", { sha256: "https://w3id.org/ro/terms/workflow-run#sha256" }],
    "@graph": [
      descriptor,
      root,
      readme,
      ...profileEntities,
      licence,
      workflow,
      language,
      engine,
      ...formalInputs,
      ...formalOutputs,
      ...given,
      ...pipelineFiles,
      ...kinds,
      organised,
      whole,
      ...results,
      ...made.flatMap(({ action, step, control, files, rest }) => [action, step, control, ...files, ...rest])
    ].map(compact)
  }
}
