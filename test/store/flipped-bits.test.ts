/**
 * A bit that is another on the disk, in every byte of every record that decides what comes out or who works on it: the record is
 * refused, or says what it said. Blobs, action records and what stands in a remote are in `contract/artifact-store.ts` and
 * `remote/with-remote.test.ts`, the rows that a capture has written in `format/arrow/arrow.test.ts`.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { afterAll, beforeEach, expect, it, vi } from "vitest"
import { keepAnswer, keptAnswer } from "../../src/chat/kept-answers.ts"
import { findTask, noteTask } from "../../src/execute/batch/noted-task.ts"
import {
  appendEvent,
  makeEventReader,
  readResult,
  readTask,
  submittedId,
  taskFolder,
  writeResult,
  writeSubmitted,
  writeTask
} from "../../src/execute/batch/task-folder.ts"
import type { Job } from "../../src/execute/job.ts"
import { openFileIndex } from "../../src/file/file-index.ts"
import { leaseHolder, tryLease } from "../../src/file/lease.ts"
import { openRemote } from "../../src/remote/open-remote.ts"
import { makeCheckpoint } from "../../src/store/local/checkpoint.ts"
import { partialDirectory } from "../../src/store/local/layout.ts"
import { PinUnreadable, readPins, writePin } from "../../src/store/local/pins.ts"
import { leasePrefix } from "../../src/store/remote/layout.ts"
import { remoteOwner, tryRemoteLease } from "../../src/store/remote/remote-lease.ts"
import { temporaryRoot } from "./temporary-root.ts"

const run = Effect.runPromise
const base = mkdtempSync(join(temporaryRoot, "flipped-"))
afterAll(() => rmSync(base, { recursive: true }))
let root = ""
beforeEach(() => void (root = mkdtempSync(join(base, "test-"))))

const KEY = "ab".repeat(32)
const job: Job = {
  id: "sae[width=512]",
  key: KEY,
  file: "/project/stages/train-sae.ts",
  params: { d_sae: 512, lr: 0.0003 },
  sources: {},
  facts: {},
  inputs: { activations: { shape: "one", of: { digest: "cd".repeat(32), at: {} } } },
  leftOut: [],
  output: "Sae",
  store: { kind: "local", directory: "" },
  workspace: { key: KEY, epoch: 3 },
  attempt: 1,
  checkpointSeconds: 20,
  log: "/log",
  engine: { name: "tensorflow", threads: 2 },
  projectDirectory: "/project",
  memory: null,
  programs: "no"
}

/**
 * @param read what the record says; undefined where it is refused
 * @param every one byte of so many; the bit is another one each time
 */
const flipEach = async (file: string, read: () => Promise<unknown>, every = 1): Promise<void> => {
  const whole = readFileSync(file)
  const said = await read()
  expect(said).toBeDefined()
  for (let byte = 0; byte < whole.length; byte += every) {
    const flipped = Uint8Array.from(whole)
    flipped[byte] = (flipped[byte] ?? 0) ^ (1 << ((byte / every) % 8))
    writeFileSync(file, flipped)
    const now = await read()
    if (now !== undefined) expect(now, `byte ${byte} of ${file}`).toEqual(said)
  }
  writeFileSync(file, whole)
  expect(await read()).toEqual(said)
}

it("a checkpoint's record, its step and its tensors are read as they were saved, or not at all", async () => {
  const directory = join(root, "1", "checkpoint")
  const checkpoint = () => makeCheckpoint({ directory, earlier: [], everySeconds: 0, log: () => {} })
  const blocks = { big: { length: 3, blocks: () => [Float32Array.of(1, 2, 3)] } }
  const tensors = { w: Float32Array.of(1, -0, Number.NaN), hash: Uint8Array.of(7) }
  await run(checkpoint().save({ json: { step: 812, loss: 0.5 }, tensors, blocks }))
  const read = async () => {
    const state = await run(checkpoint().load)
    return state && { ...state, blocks: [...(state.blocks?.["big"]?.blocks() ?? [])] }
  }
  expect(await read()).toMatchObject({ json: { step: 812 } })
  for (const name of readdirSync(directory)) await flipEach(join(directory, name), read)
})

it("what a job of a batch system was given, came to and is called", async () => {
  const submission = join(root, "jobs", "one")
  const folder = taskFolder(submission, 0)
  mkdirSync(folder, { recursive: true })
  await writeTask(folder, { format: 1, jobs: [job], gpus: 1 })
  await writeSubmitted(submission, ["4711_0"])
  appendEvent(folder, { type: "checkpoint", id: job.id, at: { done: 450, total: 900, unit: "steps" } })
  appendEvent(folder, { type: "began", host: "node1", job: "4711" })
  const events = makeEventReader(folder)()
  expect(events).toHaveLength(2)
  const use = { cpuSeconds: 1, peakMemory: 5 }
  const done = { digest: KEY, metrics: { loss: 1 }, engine: null, together: 1, host: "node1", use }
  await writeResult(folder, { type: "done", results: [done] })
  const file = (name: string): string => join(folder, name)
  await flipEach(file("task.json"), async () => readTask(folder))
  await flipEach(file("result.json"), async () => readResult(folder))
  await flipEach(join(submission, "submitted.json"), async () => submittedId(folder))
  const told = new Set(events.map((event) => JSON.stringify(event)))
  const untold = () =>
    makeEventReader(folder)()
      .map((event) => JSON.stringify(event))
      .filter((event) => !told.has(event))
  await flipEach(file("events.ndjson"), async () => untold())
})

it("which job works at a key", async () => {
  const here: Job = { ...job, store: { kind: "local", directory: root } }
  const submission = join(root, "jobs", "one")
  await writeTask(taskFolder(submission, 0), { format: 1, jobs: [here], gpus: 0 })
  // A job of another stage, one bit away.
  await writeTask(taskFolder(submission, 1), { format: 1, jobs: [{ ...here, key: "cd".repeat(32) }], gpus: 0 })
  await writeSubmitted(submission, ["1", "2"])
  await run(noteTask([here], "slurm", taskFolder(submission, 0)))
  const note = join(partialDirectory(root, KEY), "3", "task.json")
  await flipEach(note, () => run(findTask([here], "slurm")), 11)
})

it("who holds a lease, here and in a remote: nobody else, and never nobody", async () => {
  const directory = partialDirectory(root, KEY)
  mkdirSync(join(root, "remote"))
  const remote = await run(openRemote({ url: "remote" }, { projectDirectory: root, readOnly: false }))
  const holding = Effect.gen(function* () {
    yield* tryLease({ directory, purpose: "sae of run r" })
    yield* tryRemoteLease(remote, KEY, "sae of run r")
    const holders = [
      [join(directory, "1.json"), leaseHolder(directory)],
      [join(root, "remote", leasePrefix(KEY), "1.json"), remoteOwner(remote, KEY)]
    ] as const
    for (const [file, holder] of holders) {
      const read = async () => {
        const owner = await run(holder)
        expect(owner).toBeDefined()
        return owner === "another process" ? undefined : owner
      }
      yield* Effect.promise(() => flipEach(file, read, 4))
    }
  })
  await run(Effect.scoped(holding))
})

it("a pin, which gc then stops at by name", async () => {
  await writePin(root, { key: KEY, digest: "cd".repeat(32), stage: "sae", experiment: "x.yaml" })
  const read = () =>
    readPins(root).catch((error: unknown) => {
      expect(error).toBeInstanceOf(PinUnreadable)
      expect(String(error)).toContain(`${KEY}.json is no pin: remove it`)
    })
  await flipEach(join(root, "pins", `${KEY}.json`), read)
})

it("what was computed from files, and what a language model answered", async () => {
  const path = join(root, "index.json")
  const index = async (value: number) => {
    const opened = await openFileIndex(path, "1")
    const found = await opened.get("code", Schema.Finite, async () => ({ value, files: [] }))
    return [found, opened] as const
  }
  await (await index(3))[1].save()
  await flipEach(path, async () => {
    const [found] = await index(-1)
    return found === -1 ? undefined : found
  })
  vi.stubEnv("XDG_CACHE_HOME", root)
  await run(keepAnswer("asked", { text: "it fires on digits", tokens: null, usage: { prompt: 3, completion: 5 } }))
  const [folder = ""] = readdirSync(join(root, "sae-pipeline", "answers"))
  const answers = join(root, "sae-pipeline", "answers", folder)
  await flipEach(join(answers, readdirSync(answers)[0] ?? ""), () => run(keptAnswer("asked")))
  vi.unstubAllEnvs()
})
