import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { type FloatBlocks, joinBlocks } from "../../../src/numeric/float-blocks.ts"
import type { Checkpoint, CheckpointState } from "../../../src/stage/checkpoint.ts"
import { makeCheckpoint } from "../../../src/store/local/checkpoint.ts"
import { temporaryRoot } from "../temporary-root.ts"

const fresh = (): string => join(mkdtempSync(join(temporaryRoot, "checkpoint-test-")), "1", "checkpoint")

const open = (
  directory: string,
  earlier: ReadonlyArray<string> = [],
  everySeconds = 20,
  said: Array<string> = []
): Checkpoint => makeCheckpoint({ directory, earlier, everySeconds, log: (line) => void said.push(line) })

const load = (checkpoint: Checkpoint): Promise<CheckpointState | undefined> => Effect.runPromise(checkpoint.load)
const save = (checkpoint: Checkpoint, state: CheckpointState): Promise<void> =>
  Effect.runPromise(checkpoint.save(state))

const stateOf = (step: number): CheckpointState => ({ json: { step }, tensors: { w: new Float32Array([step, -0]) } })

const tensors = fc.oneof(
  fc.array(fc.integer()).map((values) => new Int32Array(values)),
  fc.array(fc.float()).map((values) => new Float32Array(values)),
  fc.uint8Array().map((values) => new Uint8Array(values)),
  // A view into a larger buffer, as typed arrays of engines often are.
  fc.array(fc.float(), { minLength: 3 }).map((values) => new Float32Array(values).subarray(1, 3))
)
const states = fc.record({ json: fc.jsonValue(), tensors: fc.dictionary(fc.string(), tensors) })

const bitsOf = ({ tensors }: CheckpointState): unknown =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, t]) => [
      name,
      [t.constructor.name, Buffer.from(t.buffer, t.byteOffset, t.byteLength).toString("hex")]
    ])
  )

describe("a checkpoint", () => {
  it("gives back every bit of what was saved, NaN and -0 included", async () => {
    await fc.assert(
      fc.asyncProperty(states, async (state) => {
        const directory = fresh()
        await save(open(directory), state as CheckpointState)
        const loaded = await load(open(directory))
        expect(JSON.stringify(loaded?.json)).toBe(JSON.stringify(state.json))
        expect(bitsOf(loaded as CheckpointState)).toEqual(bitsOf(state as CheckpointState))
      }),
      {
        numRuns: 30,
        examples: [[{ json: null, tensors: Object.fromEntries([["__proto__", new Uint8Array(2)]]) }]]
      }
    )
  })

  it("keeps a state as it was when it was begun, whatever becomes of it before it is safe", async () => {
    const directory = fresh()
    const checkpoint = open(directory)
    await save(checkpoint, stateOf(1))
    const numbers = new Float32Array(2 ** 20).fill(2)
    const blocks = { w: { length: numbers.length, blocks: () => [numbers] } }
    const safe = await Effect.runPromise(checkpoint.begin!({ json: { step: 2 }, tensors: {}, blocks }))
    numbers.fill(3)
    await Effect.runPromise(safe)
    const loaded = (await load(open(directory)))!
    expect(loaded.json).toEqual({ step: 2 })
    expect(new Set(joinBlocks(loaded.blocks!["w"]!))).toEqual(new Set([2]))
    // A save waits for one that was begun before it.
    await Effect.runPromise(checkpoint.begin!(stateOf(3)))
    await save(checkpoint, stateOf(4))
    expect((await load(open(directory)))?.json).toEqual({ step: 4 })
  })

  it("is none of several that are saved at once: one after the other, the last one is kept whole", async () => {
    const directory = fresh()
    const checkpoint = open(directory)
    const large = (step: number): CheckpointState => ({
      json: { step },
      tensors: { w: new Float32Array(2 ** 18).fill(step) }
    })
    await Promise.all([1, 2, 3, 4].map((step) => save(checkpoint, large(step))))
    expect(await load(open(directory))).toEqual(large(4))
    expect(readdirSync(directory)).toHaveLength(2)
  })

  it("is not due while one is being written, however long that takes", async () => {
    vi.useFakeTimers({ toFake: ["performance"] })
    try {
      const checkpoint = open(fresh(), [], 20)
      const safe = await Effect.runPromise(checkpoint.begin!(stateOf(1)))
      vi.advanceTimersByTime(3_600_000)
      expect(checkpoint.due()).toBe(false)
      await Effect.runPromise(safe)
      expect(checkpoint.due()).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  it("that cannot be saved says so to whoever saves it, and the next one is tried again", async () => {
    const directory = fresh()
    const checkpoint = open(directory)
    writeFileSync(dirname(directory), "no folder")
    expect(await Effect.runPromise(Effect.flip(checkpoint.save(stateOf(1))))).toMatchObject({ reason: "unwritable" })
    rmSync(dirname(directory))
    const safe = await Effect.runPromise(checkpoint.begin!(stateOf(2)))
    // In the place of what is written last.
    mkdirSync(join(directory, "latest.json", "in the way"), { recursive: true })
    expect(await Effect.runPromise(Effect.flip(safe))).toMatchObject({ reason: "unwritable" })
    rmSync(join(directory, "latest.json"), { recursive: true })
    await save(checkpoint, stateOf(3))
    expect(await load(open(directory))).toEqual(stateOf(3))
  })

  it("gives back blocks of numbers, however long they were, and passes over damaged ones", async () => {
    const directory = fresh()
    const numbers = Float32Array.from({ length: 2 ** 20 + 5 }, (_, i) => 1 / i)
    const parts = [numbers.subarray(0, 7), numbers.subarray(7)]
    const blocks = { w: { length: numbers.length, blocks: () => parts }, none: { length: 0, blocks: () => [] } }
    await save(open(directory), { json: 1, tensors: { t: Int32Array.of(3) }, blocks })
    const loaded = await load(open(directory))
    expect(loaded?.tensors).toEqual({ t: Int32Array.of(3) })
    const bytes = (array: Float32Array) => Buffer.from(array.buffer)
    expect(bytes(joinBlocks(loaded?.blocks?.["w"] as FloatBlocks)).equals(bytes(numbers))).toBe(true)
    expect(joinBlocks(loaded?.blocks?.["none"] as FloatBlocks)).toHaveLength(0)
    const file = join(directory, readdirSync(directory).find((name) => name.endsWith(".bin")) ?? "")
    truncateSync(file, 2 ** 21)
    expect(await load(open(directory))).toBeUndefined()
  })

  it("is nothing at a fresh start, and the latest afterwards; one is kept", async () => {
    const directory = fresh()
    const checkpoint = open(directory)
    expect(await load(checkpoint)).toBeUndefined()
    for (const step of [1, 2, 3]) await save(checkpoint, stateOf(step))
    expect(await load(open(directory))).toEqual(stateOf(3))
    expect(readdirSync(directory)).toHaveLength(2)
  })

  it("goes on from an earlier owner's, whose folder goes when there is one of our own", async () => {
    const [first, second, own] = [fresh(), fresh(), fresh()]
    await save(open(first), stateOf(1))
    await save(open(second), stateOf(2))
    const checkpoint = open(own, [second, first])
    expect(await load(checkpoint)).toEqual(stateOf(2))
    expect(existsSync(second)).toBe(true)
    await save(checkpoint, stateOf(3))
    expect([existsSync(dirname(first)), existsSync(dirname(second))]).toEqual([false, false])
    expect(await load(open(own))).toEqual(stateOf(3))
  })

  it("that is damaged is passed over for an earlier one, and said to be so", async () => {
    const [first, second] = [fresh(), fresh()]
    await save(open(first), stateOf(1))
    await save(open(second), stateOf(2))
    const file = join(second, readdirSync(second).find((name) => name.endsWith(".bin")) ?? "")
    const bytes = readFileSync(file)
    bytes[3] = (bytes[3] ?? 0) ^ 4
    writeFileSync(file, bytes)
    const said: Array<string> = []
    expect(await load(open(fresh(), [second, first], 20, said))).toEqual(stateOf(1))
    expect(said.join()).toContain("is damaged")
    truncateSync(join(first, "latest.json"), 10)
    expect(await load(open(fresh(), [second, first]))).toBeUndefined()
  })

  it("survives what a kill in the middle of a save leaves: files that nothing names", async () => {
    const directory = fresh()
    await save(open(directory), stateOf(1))
    writeFileSync(join(directory, "state-half.bin"), "half of a state")
    writeFileSync(join(directory, ".tmp-latest"), "{")
    expect(await load(open(directory))).toEqual(stateOf(1))
    await save(open(directory), stateOf(2))
    expect(readdirSync(directory)).toHaveLength(2)
  })

  it("is due no sooner than a hundred times what handing over the last one took", async () => {
    const directory = fresh()
    const checkpoint = open(directory, [], 1e-6)
    expect(checkpoint.due()).toBe(true)
    const start = performance.now()
    const safe = await Effect.runPromise(checkpoint.begin!({ json: null, tensors: { w: new Float32Array(1e6) } }))
    const took = performance.now() - start
    await Effect.runPromise(safe)
    expect(checkpoint.due()).toBe(false)
    while (!checkpoint.due()) await new Promise((next) => setTimeout(next, 1))
    const waited = performance.now() - start - took
    expect(waited).toBeGreaterThan(50 * took)
  })

  it("is due when its time has passed since the last one", async () => {
    const directory = fresh()
    expect(open(directory, [], 0).due()).toBe(true)
    expect(open(directory, [], 60).due()).toBe(false)
    const soon = open(directory, [], 0.05)
    await new Promise((resolve) => setTimeout(resolve, 80))
    expect(soon.due()).toBe(true)
    await save(soon, stateOf(1))
    expect(soon.due()).toBe(false)
  })
})
