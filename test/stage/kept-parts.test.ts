import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect } from "vitest"
import { type Checkpoint, type CheckpointState, floatTensors } from "../../src/stage/checkpoint.ts"
import { keptParts } from "../../src/stage/kept-parts.ts"
import { temporaryDirectory } from "../artifact/folder-artifact.ts"
import { stoppedCheckpoint } from "./stopped-checkpoint.ts"

const Sum = Schema.Struct({ sum: Schema.Finite })

/** Ten parts of numbers that no JSON text rounds away; what was computed is noted. */
const tenParts = (checkpoint: Checkpoint, computed: Array<string>) =>
  Effect.gen(function* () {
    const kept = yield* keptParts(checkpoint)
    const all: Array<readonly [number, Float32Array | undefined]> = []
    for (let n = 0; n < 10; n++) {
      const name = `part ${n}`
      const { json, tensors } = yield* kept.part(
        name,
        Sum,
        Effect.sync(() => {
          computed.push(name)
          return { json: { sum: Math.sin(n) }, tensors: { values: Float32Array.of(Math.cos(n), n) } }
        })
      )
      all.push([json.sum, floatTensors(tensors)["values"]])
    }
    return all
  })

describe("parts that are kept", () => {
  it.effect("are computed once, and come back with their bits after a stop", () =>
    Effect.gen(function* () {
      const directory = join(yield* temporaryDirectory, "checkpoint")
      const undisturbed = yield* tenParts(
        stoppedCheckpoint(join(yield* temporaryDirectory, "whole"), Infinity).checkpoint,
        []
      )
      const [first, second]: [Array<string>, Array<string>] = [[], []]
      yield* Effect.exit(tenParts(stoppedCheckpoint(directory, 4).checkpoint, first))
      expect(first).toEqual(["part 0", "part 1", "part 2", "part 3"])
      expect(yield* tenParts(stoppedCheckpoint(directory, Infinity).checkpoint, second)).toEqual(undisturbed)
      expect(second).toEqual(["part 4", "part 5", "part 6", "part 7", "part 8", "part 9"])
    })
  )

  it.effect("are computed again where they were saved in another form, or without their tensors", () =>
    Effect.gen(function* () {
      const state: CheckpointState = {
        json: {
          "part 0": { json: { sum: "0" }, tensors: ["values"] },
          "part 1": { json: { sum: 7 }, tensors: ["values"] },
          "part 2": { json: { sum: 8 }, tensors: ["values"] }
        },
        tensors: { "part 0/values": Float32Array.of(1), "part 2/values": Float32Array.of(3) }
      }
      const computed: Array<string> = []
      const all = yield* tenParts(
        { load: Effect.succeed(state), due: () => false, save: () => Effect.die("not due") },
        computed
      )
      expect(computed.slice(0, 3)).toEqual(["part 0", "part 1", "part 3"])
      expect(all[2]).toEqual([8, Float32Array.of(3)])
    })
  )
})
