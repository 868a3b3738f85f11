/** First weights drawn by a thread are those of `initialWeights`, however far it has come. */
import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { type FloatBlocks, joinBlocks } from "../../../src/numeric/float-blocks.ts"
import { drawAhead } from "../../../src/sae/training/draw-ahead.ts"
import { type DrawnRows, initialWeights } from "../../../src/sae/training/initial-weights.ts"

const asked: DrawnRows = { d_in: 768, d_sae: 2100, seed: 7, length: 0.1, purpose: "decoder rows" }
/** Bytes, which are compared faster. */
const bytesOf = (blocks: FloatBlocks): Buffer => Buffer.from(joinBlocks(blocks).buffer)
const expected = bytesOf(initialWeights(asked.d_in, asked.d_sae, asked.seed, asked.length))

const drawn = (wait: number, most?: number) =>
  Effect.gen(function* () {
    const blocks = yield* drawAhead(asked, most)
    yield* Effect.sleep(wait)
    return blocks !== undefined && bytesOf(blocks).equals(expected)
  }).pipe(Effect.scoped, Effect.runPromise)

describe.skipIf(availableParallelism() < 2)("first weights that are drawn ahead", () => {
  it("are those of initialWeights where the thread has hardly begun", async () => {
    expect(await drawn(0)).toBe(true)
  })

  it("are those of initialWeights where the thread has drawn all of them", async () => {
    expect(await drawn(2000)).toBe(true)
  })

  it("are those of initialWeights where only the last ones are drawn ahead", async () => {
    expect(await drawn(1000, 2 ** 19)).toBe(true)
  })
})

it("few first weights are not drawn ahead", async () => {
  const blocks = await Effect.runPromise(Effect.scoped(drawAhead({ ...asked, d_sae: 100 })))
  expect(blocks).toBeUndefined()
})
