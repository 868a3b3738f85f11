/**
 * The metadata of a Provenance Run Crate 0.5 (https://w3id.org/ro/wfrun/provenance/0.5): the experiment as a workflow, its stages as
 * steps, and for every result the action that made it, from the action records. RO-Crate 1.1, as JSON-LD.
 */
import type { CrateInput, CrateStage } from "./crate-input.ts"
import { compact, type Entity, fileEntity, HOME, local, pathId, ref, refs, values } from "./entity.ts"
import { kindEntities, stageEntities } from "./stage-entities.ts"

const profiles = {
  process: "https://w3id.org/ro/wfrun/process/0.5",
  workflow: "https://w3id.org/ro/wfrun/workflow/0.5",
  provenance: "https://w3id.org/ro/wfrun/provenance/0.5",
  workflowCrate: "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
}

const language: Entity = {
  "@id": "#sae-pipeline-language",
  "@type": "ComputerLanguage",
  name: "sae-pipeline experiment",
  identifier: HOME,
  url: HOME
}

/** The parameters of the workflow, and their values in this run. */
const inputEntities = ({ params }: CrateInput) => ({
  formal: Object.entries(params).map(([name, value]): Entity => ({
    "@id": local("param", name),
    "@type": "FormalParameter",
    additionalType: typeof value === "number" ? "Number" : typeof value === "boolean" ? "Boolean" : "Text",
    conformsTo: ref("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
    name
  })),
  given: values("experiment", params).map((value): Entity => ({
    ...value,
    exampleOfWork: ref(local("param", String(value["name"])))
  }))
})

const formalOutput = ({ id }: CrateStage): Entity => ({
  "@id": local("output", id),
  "@type": "FormalParameter",
  additionalType: "Dataset",
  conformsTo: ref("https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"),
  name: id
})

const licenceEntity = (licence: string | undefined): Entity =>
  licence !== undefined && URL.canParse(licence)
    ? { "@id": licence, "@type": "CreativeWork", name: licence, description: licence }
    : {
        "@id": "#licence",
        "@type": "CreativeWork",
        name: licence ?? "no licence is stated",
        description: licence ?? "who made this crate has stated no licence: ask before you use it"
      }

/** The run as a whole, and the engine that organised the actions of its stages. */
const runEntities = (
  { name, stages, version }: CrateInput,
  last: ReadonlyArray<CrateStage>,
  parts: { readonly workflow: Entity; readonly given: ReadonlyArray<Entity>; readonly controls: ReadonlyArray<Entity> }
) => {
  const times = stages.flatMap(({ started, ended }) => [started ?? [], ended ?? []].flat()).toSorted()
  const span = times.length === 0 ? {} : { startTime: times[0], endTime: times.at(-1) }
  const engine: Entity = {
    "@id": "#sae-pipeline",
    "@type": "SoftwareApplication",
    name: "sae-pipeline",
    softwareVersion: version,
    url: HOME
  }
  const whole: Entity = {
    "@id": "#run",
    "@type": "CreateAction",
    name: `run of ${name}`,
    description: `the results of ${stages.length} stages, some of them from the cache`,
    instrument: ref(parts.workflow["@id"]),
    object: refs(parts.given),
    result: last.map(({ folder }) => ref(pathId(folder))),
    ...span
  }
  const organised: Entity = {
    "@id": "#organize",
    "@type": "OrganizeAction",
    name: `sae-pipeline ${version}`,
    instrument: ref(engine["@id"]),
    object: refs(parts.controls),
    result: ref(whole["@id"]),
    ...span
  }
  return { engine, whole, organised }
}

/** What says by which rules the rest is written. */
const profileEntities = (): ReadonlyArray<Entity> =>
  Object.values(profiles).map((id) => ({
    "@id": id,
    "@type": "CreativeWork",
    name: id.split("/").slice(-2).join(" "),
    version: id.split("/").at(-1) ?? ""
  }))

export const makeCrate = (input: CrateInput): unknown => {
  const { stages, version } = input
  const folderOf = new Map(stages.map(({ id, folder }) => [id, folder]))
  const made = stages.map((stage, i) => stageEntities(stage, i, folderOf))
  const used = new Set(stages.flatMap(({ inputs }) => inputs))
  const last = stages.filter(({ id }) => !used.has(id))
  const kinds = kindEntities(stages, version)
  const { formal, given } = inputEntities(input)
  const outputs = last.map(formalOutput)
  const [experiment, ...pipelines] = input.sources
  const pipelineFiles = pipelines.map((file) => fileEntity(file))
  const workflow = fileEntity(experiment, {
    "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
    name: input.name,
    version: experiment.sha256.slice(0, 12),
    url: HOME,
    conformsTo: ref("https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"),
    programmingLanguage: ref(language["@id"]),
    input: refs(formal),
    output: refs(outputs),
    step: refs(made.map(({ step }) => step)),
    hasPart: [...refs(kinds), ...refs(pipelineFiles)]
  })
  const controls = made.map(({ control }) => control)
  const { engine, whole, organised } = runEntities(input, last, { workflow, given, controls })
  const licence = licenceEntity(input.licence)
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
    conformsTo: Object.values(profiles).map(ref),
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
  return {
    "@context": ["https://w3id.org/ro/crate/1.1/context", { sha256: "https://w3id.org/ro/terms/workflow-run#sha256" }],
    "@graph": [
      descriptor,
      root,
      readme,
      ...profileEntities(),
      licence,
      workflow,
      language,
      engine,
      ...formal,
      ...outputs,
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
