/** `node capture-child.ts CHECKPOINT OUTPUT [EARLIER...]`: a capture that tells its progress on stdout, to be killed. */
import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import { makeCheckpoint } from "../../src/store/local/checkpoint.ts"
import capture from "../../stages/capture-activations.ts"
import { runStage } from "../stage/run-stage.ts"
import { captureInputs } from "../sae/small-text.ts"

const [directory, output, ...earlier] = process.argv.slice(2) as [string, string, ...ReadonlyArray<string>]

/** Rows of 64 numbers, more than a record batch of them. */
export const killedContexts = 2000
export const killedParams = { hook: "blocks.0.mlp.hook_post", outlier_factor: 1.2, dtype: "f32" }

if (output !== undefined) {
  const checkpoint = makeCheckpoint({ directory, earlier, everySeconds: 0, log: () => {} })
  const progress = (done: number): void => void writeSync(1, `${done}\n`)
  const run = Effect.gen(function* () {
    const inputs = yield* captureInputs(killedContexts)
    yield* runStage(capture, { ...inputs }, killedParams, output, { checkpoint, progress })
  })
  await Effect.runPromise(Effect.scoped(run))
}
