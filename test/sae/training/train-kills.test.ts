/** Whatever is trained, and whenever it is killed: it goes on from its checkpoint and ends with the bits of a whole run. */
import { spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { beforeAll, describe, expect } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import type { RowSource } from "../../../src/activations/row-source.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import type { TrainedSae } from "../../../src/sae/training/trained-sae.ts"
import type { TrainingRows } from "../../../src/sae/rows/training-rows.ts"
import type { Checkpoint, CheckpointState } from "../../../src/stage/checkpoint.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { keptState } from "./kept-state.ts"
import { inProcess, plainRows, variants, weightBytes } from "./training-variants.ts"

beforeAll(loadTestEngine)

const kills = 5

class Killed extends Error {}

/** Rows that end it all once so many batches were read. */
const mortal = (
  given: RowSource | TrainingRows,
  batchRows: number,
  batches: () => number
): RowSource | TrainingRows => {
  let read = 0
  const watch = (source: RowSource): RowSource => ({
    ...source,
    gather: (indices, into) => {
      if (indices.length === batchRows && read++ >= batches()) throw new Killed()
      source.gather(indices, into)
    }
  })
  if (!("sources" in given)) return watch(given)
  const [first, ...rest] = given.sources
  return { ...given, sources: [watch(first as RowSource), ...rest] }
}

const bytes = (values: Float32Array | undefined): Buffer =>
  values === undefined ? Buffer.alloc(0) : Buffer.from(values.buffer, values.byteOffset, values.byteLength)

const expectSame = (got: TrainedSae, whole: TrainedSae): void => {
  for (const tensor of ["W_enc", "W_dec", "b_enc", "b_dec", "threshold", "W_skip"] as const) {
    expect(bytes(got.weights[tensor]).equals(bytes(whole.weights[tensor])), tensor).toBe(true)
  }
  expect(got.stored.latents).toEqual(whole.stored.latents)
  expect(got.curve).toEqual(whole.curve)
  expect(got.outcome).toEqual(whole.outcome)
}

describe("five kills at random steps", () => {
  for (const { name, options, rows } of variants) {
    it.effect(`${name}: the same bits as without them`, () =>
      Effect.gen(function* () {
        const before = tf.memory().numTensors
        const whole = yield* trainSae(rows(), options)
        expect(tf.memory().numTensors).toBe(before)
        const rng = Rng.make(20, `kills of ${name}`)
        let saved: CheckpointState | undefined
        const store: Checkpoint = {
          load: Effect.suspend(() => Effect.succeed(saved)),
          due: () => rng.float() < 0.6,
          save: (state) =>
            Effect.sync(() => {
              const json = JSON.parse(JSON.stringify(state.json)) as CheckpointState["json"]
              saved = keptState({ ...state, json })
            })
        }
        const reached: Array<number> = []
        for (let n = 0; n < kills; n++) {
          const steps = 4 + rng.int(16)
          const exit = yield* Effect.exit(
            trainSae(
              mortal(rows(), options.batch_rows, () => steps),
              options,
              { checkpoint: store }
            )
          )
          // A run that is nearly at its end is over before the kill: it starts again, as a rerun would.
          if (Exit.isSuccess(exit)) {
            expectSame(exit.value, whole)
            saved = undefined
            continue
          }
          expect(Cause.squash(exit.cause)).toBeInstanceOf(Killed)
          reached.push((saved?.json as { readonly step: number } | undefined)?.step ?? 0)
        }
        expect(reached.length).toBeGreaterThan(kills / 2)
        expect(Math.max(...reached)).toBeGreaterThanOrEqual(20)
        expectSame(yield* trainSae(rows(), options, { checkpoint: store }), whole)
      })
    )
  }

  it.live(
    "of the process itself, with checkpoints on disk",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const start = (name: string) => {
          const script = join(import.meta.dirname, "train-in-process.ts")
          const child = spawn(process.execPath, [script, join(directory, name)], {
            stdio: ["ignore", "pipe", "inherit"]
          })
          const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
            child.once("exit", (code, signal) => resolve(code ?? signal))
          )
          return { child, ended }
        }
        const rng = Rng.make(9, "kills of a process")
        const { child, ended } = start("killed")
        let left = 2 + rng.int(9)
        // A line for every ten steps.
        child.stdout.on("data", (lines: Buffer) => {
          left -= lines.toString().split("\n").length - 1
          if (left <= 0) child.kill("SIGKILL")
        })
        expect(yield* Effect.promise(() => ended)).toBe("SIGKILL")
        const last = start("killed")
        expect(yield* Effect.promise(() => last.ended)).toBe(0)
        const whole = yield* trainSae(plainRows(), inProcess)
        expect(readFileSync(join(directory, "killed", "weights.bin")).equals(weightBytes(whole))).toBe(true)
      }),
    180_000
  )
})
