/**
 * Checkpoints in the Hugging Face layout with the reference library's own activations and logits: one case for every
 * folder of `GOLDENS_DIR` (and of the cases beside it), made of what the folder holds and says. A checkpoint without such
 * values has to load and to give numbers. Folders of goldens for GGUF files belong to `gguf-models.test.ts`; a folder of
 * any other kind fails.
 */
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { loadModel } from "../../src/model/load-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { openCheckpoint } from "../model/own-golden.ts"
import { compareCheckpoint, tolerance } from "./compare-checkpoint.ts"
import { foldersIn, goldenDirectories, goldenKind, ownGoldensDirectory } from "./golden-folders.ts"

const agrees = Effect.fnUntraced(function* (place: string) {
  const differences = yield* compareCheckpoint(place)
  const greatest = Math.max(...Object.values(differences))
  console.info(`${path.basename(place)}: greatest difference ${greatest.toExponential(1)}`)
  for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(tolerance)
})

const runs = Effect.fnUntraced(function* (place: string) {
  const model = yield* loadModel(yield* openCheckpoint(place))
  const { logits } = runModel(model, { ids: Int32Array.of(0, 1, 2), batch: 1, time: 3 }, { logits: true })
  expect((logits as tf.Tensor3D).dataSync().every(Number.isFinite)).toBe(true)
  logits?.dispose()
})

describe("models agree with the reference library", () => {
  beforeAll(loadTestEngine)
  for (const place of [...goldenDirectories.flatMap(foldersIn), ...foldersIn(ownGoldensDirectory)]) {
    const name = place.startsWith(ownGoldensDirectory) ? `own ${path.basename(place)}` : path.basename(place)
    const kind = goldenKind(place)
    if (kind === "checkpoint") it(name, () => Effect.runPromise(Effect.scoped(agrees(place))))
    if (kind === "weights") it(`${name} runs`, () => Effect.runPromise(Effect.scoped(runs(place))))
    if (kind === "unknown") it(name, () => expect.fail(`${place} holds goldens of an unknown kind`))
  }
})
