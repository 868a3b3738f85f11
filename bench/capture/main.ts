/**
 * Capture at a middle layer, beside PyTorch's transformers stopped there by a hook and TransformerLens with
 * stop_at_layer: the same random weights, the same tokens, the same number of threads, one after the other in turn.
 *   node bench/capture/main.ts [--python PATH] [--threads 2] [--repeats 15] [--batch 8] [--time 128] [--cpu] [--models gpt2,pythia-70m]
 * With --cpu seconds are those of the CPU, of one thread: for a machine that others use, too.
 * Ours a second time with precision bf16, whose largest difference from f32 is said, too.
 * Without --python it installs the peers into an environment of its own. Every side ends with f32 numbers in memory.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import { loadBody } from "../../src/model/load-model.ts"
import type { Precision } from "../../src/model/precision.ts"
import { type ModelBody, runModel } from "../../src/model/run-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { memorySettings } from "../../src/execute/local/memory-settings.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { peersPython, startPeers } from "./peer-process.ts"

// As a worker is started.
if (Object.keys(memorySettings).some((name) => process.env[name] === undefined)) {
  const { status } = spawnSync(process.execPath, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, ...memorySettings }
  })
  process.exit(status ?? 1)
}

const { values: options } = parseArgs({
  options: {
    python: { type: "string" },
    threads: { type: "string", default: "2" },
    repeats: { type: "string", default: "15" },
    batch: { type: "string", default: "8" },
    time: { type: "string", default: "128" },
    models: { type: "string", default: "gpt2,pythia-70m" },
    cpu: { type: "boolean", default: false }
  }
})
const { cpu } = options
const [threads, repeats, batch, time] = [cpu ? "1" : options.threads, options.repeats, options.batch, options.time].map(
  Number
) as [number, number, number, number]
const names = options.models.split(",")
const load = loadavg()[0] as number
const folder = mkdtempSync(join(tmpdir(), "bench-capture-"))
const peers = await startPeers(peersPython(options.python), folder, threads, names)
const engine = await Effect.runPromise(loadEngine("tensorflow", { threads }))

const opened = (name: string, precision: Precision): Effect.Effect<ModelBody, unknown, Scope.Scope> =>
  Effect.gen(function* () {
    const place = join(folder, name)
    // Only the numbers of tokens matter; config.json stands in for a tokenizer.
    const tokenizer = { name: "tokenizer.json", path: join(place, "config.json"), sha256: "" }
    const artifact = yield* filesArtifact("LanguageModel", [...(yield* folderFiles(place)), tokenizer])
    return yield* loadBody(yield* LanguageModel.open(artifact), precision)
  })

/** Seconds. */
const clock = (): number => {
  if (!cpu) return performance.now() / 1000
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN

const compare = async (name: string, model: ModelBody, half: ModelBody): Promise<void> => {
  const rng = Rng.make(0, "tokens")
  const ids = Int32Array.from({ length: batch * time }, () => rng.int(model.info.d_vocab))
  const rows = Array.from({ length: batch }, (_, b) => [...ids.subarray(b * time, (b + 1) * time)])
  const hook = `blocks.${peers.layers[name]}.hook_resid_pre`
  const pass = (of: ModelBody): Float32Array => {
    const { activations } = runModel(of, { ids, batch, time }, { hooks: [hook] })
    const activation = activations[hook] as tf.Tensor
    const values = activation.dataSync<"float32">()
    activation.dispose()
    return values
  }
  const ours = (): Float32Array => pass(model)
  const sides = peers.peers[name] as ReadonlyArray<string>
  const expected = ours()
  for (const peer of sides) {
    const out = join(folder, `${name}.${peer}`)
    await peers.run({ model: name, peer, ids: rows, out })
    const theirs = new Float32Array(new Uint8Array(readFileSync(out)).buffer)
    const difference = theirs.reduce((most, x, i) => Math.max(most, Math.abs(x - (expected[i] as number))), 0)
    console.log(`${name}: largest difference from ${peer} ${difference.toExponential(1)}`)
    if (!(difference < 2e-3)) throw new Error(`${name}: ${peer} computes something else`)
  }
  const rounded = pass(half)
  const most = rounded.reduce((found, x, i) => Math.max(found, Math.abs(x - (expected[i] as number))), 0)
  console.log(`${name}: largest difference of bf16 ${most.toExponential(1)}`)
  const seconds: Record<string, Array<number>> = {
    ours: [],
    "ours, bf16": [],
    ...Object.fromEntries(sides.map((peer) => [peer, []]))
  }
  for (let i = -2; i < repeats; i++) {
    const start = clock()
    ours()
    if (i >= 0) seconds["ours"]?.push(clock() - start)
    const again = clock()
    pass(half)
    if (i >= 0) seconds["ours, bf16"]?.push(clock() - again)
    for (const peer of sides) {
      const spent = await peers.run({ model: name, peer, ids: rows, cpu })
      if (i >= 0) seconds[peer]?.push(spent)
    }
  }
  const rate = (side: string): number => (batch * time) / median(seconds[side] as ReadonlyArray<number>)
  const best = (side: string): number => Math.min(...(seconds[side] as ReadonlyArray<number>))
  for (const side of Object.keys(seconds)) {
    const ratio = (
      median(seconds[side] as ReadonlyArray<number>) / median(seconds["ours"] as ReadonlyArray<number>)
    ).toFixed(2)
    console.log(
      `${name} to ${hook}, ${side.padEnd(16)} ${rate(side).toFixed(0).padStart(6)} tokens/s (median of ${repeats})` +
        (side === "ours"
          ? ""
          : `; ours is ${ratio} times as fast, ${(best(side) / best("ours")).toFixed(2)} by the fastest passes`)
    )
  }
}

console.log(
  `${cpus()[0]?.model ?? "unknown CPU"}, ${availableParallelism()} CPUs, load before the run ${load.toFixed(2)}`
)
console.log(
  `${engine.name} ${engine.version}, ${engine.isa}, ${engine.threads} threads; ${JSON.stringify(peers.versions)}`
)
for (const name of names) {
  await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const [model, half] = [yield* opened(name, "f32"), yield* opened(name, "bf16")]
        yield* Effect.promise(() => compare(name, model, half))
      })
    )
  )
}
peers.close()
rmSync(folder, { recursive: true, force: true })
