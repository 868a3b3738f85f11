/** `pipeline stages [KIND]`: the stage kinds, or what one takes and gives. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { suggest } from "../../words/did-you-mean.ts"
import { loadStageKinds, stageFiles } from "../../catalog/stage-catalog.ts"
import type { StageKind } from "../../stage/stage.ts"
import { columns } from "../render/columns.ts"
import { describeKind, outputOf } from "../render/kind-text.ts"
import type { StagesInput } from "../flags/flags.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { formatTable } from "../render/words.ts"
import { projectHere } from "../experiment/project-here.ts"

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
      : formatTable(
          all.map((kind) => [kind.name, `-> ${outputOf(kind)}`, kind.summary]),
          columns()
        )
    process.stdout.write(`${text}\n`)
    return
  }
  const kind = kinds[input.kind.value]
  if (kind === undefined) {
    const known = suggest(input.kind.value, Object.keys(kinds))
    return yield* new UsageError({ problem: `there is no stage kind "${input.kind.value}"${known}` })
  }
  process.stdout.write(input.json ? `${JSON.stringify(asJson(kind), null, 2)}\n` : describeKind(kind, columns()))
})
