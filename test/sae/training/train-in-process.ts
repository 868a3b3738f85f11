/** `node train-in-process.ts DIRECTORY`: trains a small SAE with checkpoints there, and writes its weights at the end. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import { makeCheckpoint } from "../../../src/store/local/checkpoint.ts"
import { loadTestEngine } from "../../engine.ts"
import { inProcess, plainRows, weightBytes } from "./training-variants.ts"

const directory = process.argv[2] as string
mkdirSync(join(directory, "checkpoint"), { recursive: true })
await loadTestEngine()
const checkpoint = makeCheckpoint({
  directory: join(directory, "checkpoint"),
  earlier: [],
  everySeconds: 0,
  log: (line) => process.stderr.write(`${line}\n`)
})
const trained = await Effect.runPromise(
  trainSae(plainRows(), inProcess, {
    checkpoint,
    progress: ({ done }) => process.stdout.write(`${done}\n`)
  })
)
writeFileSync(join(directory, "weights.bin"), weightBytes(trained))
