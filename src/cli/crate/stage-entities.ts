/** The entities of one stage: its result, the action that made it, its step in the workflow. */
import type { CrateStage } from "./crate-input.ts"
import { type Entity, fileEntity, HOME, local, pathId, ref, refs, values } from "./entity.ts"

export const stageEntities = (
  stage: CrateStage,
  position: number,
  /** In the crate, by the id of the stage. */
  folderOf: ReadonlyMap<string, string>
) => {
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

/** The programs that ran: one a stage kind. */
export const kindEntities = (stages: ReadonlyArray<CrateStage>, version: string): ReadonlyArray<Entity> =>
  [...new Map(stages.map((stage) => [stage.kind, stage])).values()].map(({ kind, summary, packages }) => ({
    "@id": local("kind", kind),
    "@type": "SoftwareApplication",
    name: kind,
    url: HOME,
    description: summary,
    softwareVersion: version,
    softwareRequirements: Object.entries(packages).map(([name, of]) => `${name}@${of}`)
  }))
