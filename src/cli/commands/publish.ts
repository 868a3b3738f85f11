/** `pipeline publish FILE STAGE hf:ORG/NAME`: an artifact's files, every byte checked, in a repository of the Hugging Face hub. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { isCommit, parseHubName } from "../../source/hub/hub-name.ts"
import { hubSettings } from "../../source/hub/hub-settings.ts"
import { publishToHub } from "../../source/hub/publish-to-hub.ts"
import { Store } from "../../store/store.ts"
import { oneResult } from "../experiment/one-stage.ts"
import { resultLost } from "../experiment/result-lost.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { PublishInput } from "../flags/flags.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"
import { count } from "../render/words.ts"

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "publish-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true, force: true }))
)

export const publish = Effect.fn("publish")(function* (input: PublishInput) {
  const to = parseHubName(input.to)
  if (to === undefined || !to.repo.includes("/") || isCommit(to.revision) || to.path.includes("*")) {
    return yield* new UsageError({
      problem: `${input.to} names no place to publish to: write hf:org/name, or hf:org/name@branch/folder`
    })
  }
  const experiment = yield* readExperiment(input).pipe(sayWhenSlow(`reading ${input.file}`))
  yield* withStore(
    experiment.project,
    Effect.gen(function* () {
      const { plan } = yield* planExperiment(experiment).pipe(sayWhenSlow(`planning ${input.file}`))
      const { stage, action } = yield* oneResult(plan, input.stage)
      const store = yield* Store
      const directory = yield* temporaryFolder
      const artifact = yield* store.artifact(action.digest).pipe(
        Effect.tap((from) => from.copyTo(directory)),
        Effect.mapError(resultLost(input.file, stage.instance.id))
      )
      const published = yield* publishToHub(hubSettings(), {
        to,
        directory,
        files: artifact.files.map(({ path }) => path),
        title: `${stage.instance.id} of ${experiment.name}, sae-pipeline ${action.digest.slice(0, 12)}`,
        visibility: input.public ? "public" : "private"
      }).pipe(
        sayWhenSlow(`publishing ${count(artifact.files.length, "file")}`),
        Effect.mapError((error) => new UsageError({ problem: error.message }))
      )
      const made = published.made ? `, in a new ${input.public ? "public" : "private"} repository` : ""
      const done =
        published.files === 0 ? "nothing to do: it has these files" : `${count(published.files, "file")}${made}`
      process.stderr.write(`${published.page}: ${done}\n`)
    }).pipe(Effect.scoped)
  )
})
