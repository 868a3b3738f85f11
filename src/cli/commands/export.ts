/** `pipeline export FILE STAGE DIR`: an artifact's files, every byte checked, in a folder of the user. */
import { resolve } from "node:path"
import * as Effect from "effect/Effect"
import { Store } from "../../store/store.ts"
import type { ExportInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { oneResult } from "../experiment/one-stage.ts"
import { resultLost } from "../experiment/result-lost.ts"
import { intoFreshFolder } from "../experiment/fresh-folder.ts"
import { count } from "../render/words.ts"

export const exportArtifact = Effect.fn("exportArtifact")(function* (input: ExportInput) {
  const target = resolve(input.directory)
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  const copied = withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const { stage, action } = yield* oneResult(plan, input.stage)
      const store = yield* Store
      const artifact = yield* store.artifact(action.digest).pipe(
        Effect.tap((from) => from.copyTo(target)),
        Effect.mapError(resultLost(input.file, stage.instance.id))
      )
      process.stderr.write(`${count(artifact.files.length, "file")} of ${artifact.kind} in ${input.directory}\n`)
    })
  )
  yield* intoFreshFolder(target, input.directory, copied)
})
