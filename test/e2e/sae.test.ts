/** The main job on the embedded model, small: what changes, what is damaged, what is killed. */
import { execFileSync } from "node:child_process"
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { dirname, join } from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { cli, finished, project, repository, start, statuses } from "./run-cli.ts"
import type { CliResult } from "./run-cli.ts"

const params = "tokens: 4096, steps: 30, widths: [64, 96], k: 8"
const plain = `pipeline: ${join(repository, "pipelines", "sae.yaml")}\nparams: { ${params} }\n`
const experiment = `${plain}overrides: { "stages.sae.with.batch_rows": 128 }\n`
const upToSae = ["model hit", "text hit", "capture hit", "sae[width=64,seed=0] hit", "sae[width=96,seed=0] hit"]

let directory: string
let remove: () => void
let first: CliResult
let caches = 0

beforeAll(async () => {
  ;({ directory, remove } = project({ "x.yaml": experiment, "experiments/.keep": "" }))
  first = await cli(["run", "x.yaml", "sae", "--json", "--cache", "cache"], { cwd: directory })
  assert.strictEqual(first.code, 0, first.stderr)
}, 300_000)
afterAll(() => remove())

/** A store of its own with the results of the first run. */
const copyOfStore = (): string => {
  const name = `cache-${++caches}`
  cpSync(join(directory, "cache"), join(directory, name), { recursive: true })
  return name
}
const run = (cache: string, ...args: ReadonlyArray<string>) =>
  cli(["run", "x.yaml", "--json", "--cache", cache, ...args], { cwd: directory })
const digestOf = (result: CliResult, id: string): string | null =>
  finished(result).stages.find((stage) => stage.id === id)?.digest ?? null

/** The files of a store's objects, largest first. */
const blobs = (cache: string): ReadonlyArray<string> =>
  readdirSync(join(directory, cache, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted((a, b) => statSync(b).size - statSync(a).size)

const flipByte = (path: string): void => {
  const bytes = readFileSync(path)
  const middle = bytes.length >> 1
  bytes[middle] = (bytes[middle] ?? 0) ^ 1
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
}

/** The blob of a file of a stage's artifact. */
const blobOf = async (cache: string, stage: string, path: string): Promise<string> => {
  const shown = await cli(["show", "x.yaml", stage, "--json", "--cache", cache], { cwd: directory })
  const { files } = JSON.parse(shown.stdout) as { files: ReadonlyArray<{ path: string; sha256: string }> }
  const file = files.find((candidate) => candidate.path === path)
  assert.isDefined(file, shown.stderr)
  const found = blobs(cache).find((blob) => blob.endsWith(file?.sha256 ?? "?"))
  assert.isDefined(found)
  return found ?? ""
}

describe("the main job on the embedded model", { timeout: 300_000 }, () => {
  it("is all hits the second time", async () => {
    assert.deepStrictEqual(statuses(await run(copyOfStore(), "sae")), upToSae)
  })

  it("reruns only what a changed number reaches, and says which number, both values and where it is written", async () => {
    const cache = copyOfStore()
    const changed = ["--set", "stages.sae[width=96].with.k=12"]
    const why = await cli(["why", "x.yaml", "sae[width=96]", "--cache", cache, ...changed], { cwd: directory })
    assert.include(why.stdout, "params.k 8 -> 12 (--set stages.sae[width=96].with.k=12)")
    assert.deepStrictEqual(
      statuses(await run(cache, "sae", ...changed)),
      upToSae.map((line) => line.replace("sae[width=96,seed=0] hit", "sae[width=96,seed=0] ran"))
    )
    writeFileSync(join(directory, "x.yaml"), experiment.replace("steps: 30", "steps: 31"))
    const plan = await cli(["plan", "x.yaml", "--cache", cache], { cwd: directory })
    writeFileSync(join(directory, "x.yaml"), experiment)
    assert.include(plan.stdout, "params.steps 30 -> 31 (x.yaml:2)")
  })

  it("goes on from the checkpoint after kill -9 of the head, and of a worker, with the same final bytes", async () => {
    const longer = ["sae[width=64]", "--set", "steps=200"]
    const env = { PIPELINE_CHECKPOINT_SECONDS: "0" }
    const id = "sae[width=64,seed=0]"
    const undisturbed = await run(copyOfStore(), ...longer)
    const expected = digestOf(undisturbed, id)
    assert.isString(expected, undisturbed.stderr)

    const cache = copyOfStore()
    const args = ["run", "x.yaml", "--json", "--cache", cache, ...longer]
    const checkpointed = async (): Promise<void> => {
      const partial = join(directory, cache, "partial")
      const files = (): ReadonlyArray<string> =>
        existsSync(partial) ? (readdirSync(partial, { recursive: true }) as Array<string>) : []
      while (!files().some((file) => file.endsWith("latest.json"))) await new Promise((next) => setTimeout(next, 50))
    }
    const head = start(args, { cwd: directory, env })
    await head.until('"type":"stage-progress"')
    await checkpointed()
    head.child.kill("SIGKILL")
    assert.strictEqual((await head.done).signal, "SIGKILL")

    const second = start(args, { cwd: directory, env })
    await second.until('"type":"stage-progress"')
    const workers = execFileSync("pgrep", ["-P", String(second.child.pid), "-f", "worker"])
      .toString()
      .trim()
      .split("\n")
    for (const pid of workers) process.kill(Number(pid), "SIGKILL")
    const ended = await second.done
    assert.strictEqual(ended.code, 0, ended.stderr)
    assert.include(ended.stdout, '"resumes":true')
    assert.include(ended.stdout, '"type":"stage-retry"')
    assert.strictEqual(digestOf(ended, id), expected)
  })

  it("finds a flipped byte wherever it is read, quarantines it, and computes the same bytes again", async () => {
    const cache = copyOfStore()
    const id = "sae[width=64,seed=0]"
    flipByte(await blobOf(cache, "sae[width=64]", "sae_weights.safetensors"))
    const shown = await cli(["show", "x.yaml", "sae[width=64]", "--cache", cache], { cwd: directory })
    assert.strictEqual(shown.code, 1)
    assert.strictEqual(shown.stdout, "")
    assert.include(shown.stderr, "sae_weights.safetensors")
    assert.include(shown.stderr, "damaged")
    // A hit needs only its record; what reads the bytes has them computed again.
    assert.deepStrictEqual(statuses(await run(cache, "sae")), upToSae)
    const evaluated = await run(cache, "evaluate[width=64]")
    assert.strictEqual(evaluated.code, 0, evaluated.stderr)
    assert.include(evaluated.stdout, '"type":"artifact-lost"')
    assert.strictEqual(digestOf(evaluated, id), digestOf(first, id))

    const other = copyOfStore()
    const [largest] = blobs(other)
    assert.isDefined(largest)
    flipByte(largest ?? "")
    const verified = await cli(["cache", "verify", "--cache", other], { cwd: directory })
    assert.strictEqual(verified.code, 1)
    assert.include(verified.stdout, `damaged blob ${largest?.split("/").at(-1)}`)
    assert.isFalse(existsSync(largest ?? ""))
    const again = await cli(["cache", "verify", "--cache", other], { cwd: directory })
    assert.strictEqual(again.code, 0, again.stdout)
  })

  it("needs no bytes for a hit, and computes deleted activations again when a changed SAE wants them", async () => {
    const cache = copyOfStore()
    const captured = digestOf(first, "capture")
    rmSync(await blobOf(cache, "capture", "train.arrow").catch(() => blobOf(cache, "capture", "activations.arrow")))
    assert.deepStrictEqual(statuses(await run(cache, "sae")), upToSae)
    const changed = await run(cache, "sae[width=64]", "--set", "k=6")
    assert.strictEqual(changed.code, 0, changed.stderr)
    assert.include(statuses(changed), "capture ran")
    assert.strictEqual(digestOf(changed, "capture"), captured)
  })

  it("reruns what an edited text file reaches, and names the file", async () => {
    const cache = copyOfStore()
    const words = "the whale swam in the cold sea while the captain slept in his cabin and the crew sang old songs "
    writeFileSync(join(directory, "corpus.txt"), words.repeat(200))
    const args = ["--set", "text=file:corpus.txt", "--set", "tokens=2048"]
    const before = await run(cache, "text", ...args)
    assert.deepStrictEqual(statuses(before), ["model hit", "text ran"], before.stderr)
    writeFileSync(join(directory, "corpus.txt"), words.repeat(200).replace("cold", "warm"))
    const why = await cli(["why", "x.yaml", "text", "--cache", cache, ...args], { cwd: directory })
    assert.include(why.stdout, "sources.source file:corpus.txt changed")
    const after = await run(cache, "text", ...args)
    assert.deepStrictEqual(statuses(after), ["model hit", "text ran"])
    assert.notStrictEqual(digestOf(after, "text"), digestOf(before, "text"))

    // The same bytes by a name that says they are read otherwise: no hit. From another folder: one.
    const lines = words.repeat(20).trim().replaceAll("captain", '"captain"')
    const jsonl = `${JSON.stringify({ text: lines })}\n`.repeat(30)
    for (const file of ["lines.txt", "lines.jsonl", "moved/lines.jsonl"]) {
      mkdirSync(dirname(join(directory, file)), { recursive: true })
      writeFileSync(join(directory, file), jsonl)
    }
    const of = (file: string) => run(cache, "text", "--set", `text=file:${file}`, "--set", "tokens=2048")
    const plain = await of("lines.txt")
    const parsed = await of("lines.jsonl")
    const moved = await of("moved/lines.jsonl")
    const ended = [plain, parsed, moved].map((result) => statuses(result).at(-1))
    assert.deepStrictEqual(ended, ["text ran", "text ran", "text hit"], parsed.stderr)
    assert.notStrictEqual(digestOf(parsed, "text"), digestOf(plain, "text"))
  })

  it("says what is wrong with a hook, a selector, a source, a kind and YAML, where, with exit code 2", async () => {
    const cache = copyOfStore()
    const hook = await run(cache, "capture", "--set", "hook=blocks.9.hook_resid_post")
    assert.strictEqual(hook.code, 2)
    assert.include(hook.stderr, "blocks.9.hook_resid_post")
    const source = await run(cache, "--set", "text=file:nowhere.txt")
    assert.strictEqual(source.code, 2)
    assert.include(source.stderr, "nowhere.txt: there is no such file or folder")
    const wrong = async (yaml: string): Promise<CliResult> => {
      writeFileSync(join(directory, "wrong.yaml"), yaml)
      return cli(["plan", "wrong.yaml", "--cache", cache], { cwd: directory })
    }
    const two = await wrong(`${plain}overrides: { "stages.sae[width=1].with.k": 3 }\n`)
    assert.strictEqual(two.code, 2)
    assert.match(two.stderr, /^wrong\.yaml:3:\d+ /m)
    const kind = await wrong("stages:\n  a: { uses: train-sea, with: {} }\n")
    assert.strictEqual(kind.code, 2)
    assert.include(
      kind.stderr,
      'wrong.yaml:2:14 stages.a.uses: there is no stage kind "train-sea"; did you mean "train-sae"?'
    )
    const syntax = await wrong("stages: {\n")
    assert.strictEqual(syntax.code, 2)
    assert.match(syntax.stderr, /^wrong\.yaml:\d+:\d+/m)
    const missing = await cli(["run", "nothing.yaml"], { cwd: directory })
    assert.strictEqual(missing.code, 2)
    assert.include(missing.stderr, "nothing.yaml: there is no such file")
    const elsewhere = await wrong("pipeline: nothing.yaml\nparamz: {}\n")
    assert.strictEqual(elsewhere.code, 2)
    assert.include(elsewhere.stderr, "wrong.yaml:1:11 pipeline: nothing.yaml: there is no such file")
    assert.include(elsewhere.stderr, 'wrong.yaml:2:1 paramz: unknown key; did you mean "params"?')
  })
})
