/** `pipeline reproduce FILE`: computes everything again and compares it with the lock. */
import { writeFileSync } from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { readExperiment } from "../../experiment/load-experiment.ts"
import { reproduce as recompute } from "../../experiment/reproduce.ts"
import { agrees } from "../../lock/compare-results.ts"
import { acceptLicences } from "../experiment/accept-licences.ts"
import { UsageError } from "../experiment/usage-error.ts"
import type { ReproduceInput } from "../flags/flags.ts"
import { lineRenderer } from "../render/line-renderer.ts"
import { reproductionJunit } from "../render/reproduction-junit.ts"
import { reproductionMarkdown } from "../render/reproduction-markdown.ts"
import { reproductionText } from "../render/reproduction-text.ts"
import { chooseEngine } from "./run.ts"

/** The table has told what. */
class NotReproduced extends Data.TaggedError("NotReproduced")<{ readonly stages: ReadonlyArray<string> }> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `not reproduced: ${this.stages.join(", ")}`
  }
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const write = (flag: string, path: Option.Option<string>, text: string) =>
  Option.isNone(path)
    ? Effect.void
    : Effect.try({
        try: () => writeFileSync(path.value, text),
        catch: (cause) => new UsageError({ problem: `--${flag} ${path.value}: it cannot be written: ${String(cause)}` })
      })

export const reproduce = Effect.fn("reproduce")(function* (input: ReproduceInput) {
  const experiment = yield* readExperiment({ file: input.file, set: [], cache: Option.none(), offline: input.offline })
  yield* acceptLicences(input.acceptLicence, say)
  const compared = yield* recompute(experiment, {
    stages: input.stages,
    cache: Option.getOrUndefined(input.cache),
    onEvent: lineRenderer(say).onEvent,
    engine: chooseEngine(input, say),
    ...(Option.isSome(input.jobs) ? { jobs: input.jobs.value } : {})
  })
  if (input.json) process.stdout.write(`${JSON.stringify({ stages: compared })}\n`)
  else process.stdout.write(`${reproductionText(compared)}\n`)
  yield* write("junit", input.junit, reproductionJunit(experiment.name, compared))
  yield* write("summary", input.summary, reproductionMarkdown(experiment.name, compared))
  const differing = compared.filter((each) => !agrees(each)).map(({ id }) => id)
  if (differing.length > 0) return yield* new NotReproduced({ stages: differing })
})
