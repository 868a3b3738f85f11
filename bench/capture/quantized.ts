/**
 * Capture with the weights of a quantized model as its file has them, beside the same weights made f32 when they are loaded: CPU time
 * of a token, of one thread, memory of the process, and how far the activations differ.
 *   node bench/capture/quantized.ts MODEL.gguf [--hook blocks.N.hook_resid_post, the last] [--batch 8] [--time 128] [--repeats 7]
 * Each side is a process of its own.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { parseArgs } from "node:util"
import type * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { memorySettings } from "../../src/execute/local/memory-settings.ts"
import { readGgufModel } from "../../src/kinds/language-model/gguf/read-gguf-model.ts"
import { filesArtifact } from "../../src/model/files-artifact.ts"
import { loadBody } from "../../src/model/load-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hook: { type: "string" },
    batch: { type: "string", default: "8" },
    time: { type: "string", default: "128" },
    repeats: { type: "string", default: "7" },
    side: { type: "string" },
    out: { type: "string" }
  }
})
const file = positionals[0] as string
const [batch, time, repeats] = [values.batch, values.time, values.repeats].map(Number) as [number, number, number]
const sides = ["as stored", "made f32"] as const

interface Figures {
  readonly parameters: number
  readonly hook: string
  readonly loaded: number
  readonly peak: number
  /** Seconds of CPU a pass. */
  readonly seconds: ReadonlyArray<number>
}

const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)

const measured = Effect.gen(function* () {
  yield* loadEngine("tensorflow", { threads: 1 })
  const artifact = yield* filesArtifact("LanguageModel", [{ name: "model.gguf", path: file, sha256: "" }])
  const { config, weights } = yield* readGgufModel([{ path: "model.gguf", file: yield* artifact.open("model.gguf") }])
  const { entries, float32 } = weights
  const given = values.side === sides[0] ? weights : { entries, float32 }
  const model = yield* loadBody({ config, weights: Effect.succeed(given) })
  const loaded = mebibytes(process.memoryUsage.rss())
  const rng = Rng.make(0, "tokens")
  const ids = Int32Array.from({ length: batch * time }, () => rng.int(model.info.d_vocab))
  const hook = values.hook ?? `blocks.${model.info.n_layers - 1}.hook_resid_post`
  const pass = (): Float32Array => {
    const activation = runModel(model, { ids, batch, time }, { hooks: [hook] }).activations[hook] as tf.Tensor
    const result = activation.dataSync<"float32">()
    activation.dispose()
    return result
  }
  writeFileSync(values.out as string, pass())
  const seconds = Array.from({ length: repeats }, () => {
    const begun = cpu()
    pass()
    return cpu() - begun
  })
  let parameters = 0
  for (const { shape } of entries.values()) parameters += shape.reduce((a, b) => a * b, 1)
  const peak = Math.round(process.resourceUsage().maxRSS / 1024)
  console.log(JSON.stringify({ parameters, hook, loaded, peak, seconds } satisfies Figures))
})

const compare = (): void => {
  const folder = mkdtempSync(join(tmpdir(), "bench-quantized-"))
  const results = sides.map((side, i) => {
    const out = join(folder, String(i))
    const args = [...process.argv.slice(1), "--side", side, "--out", out]
    const { status, stdout } = spawnSync(process.execPath, args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...memorySettings }
    })
    if (status !== 0) throw new Error(`${side}: exit code ${status}`)
    const figures = JSON.parse(stdout) as Figures
    return { side, ...figures, numbers: new Float32Array(new Uint8Array(readFileSync(out)).buffer) }
  })
  rmSync(folder, { recursive: true })
  const [stored, decoded] = results as [(typeof results)[number], (typeof results)[number]]
  const millions = (decoded.parameters / 1e6).toFixed(0)
  console.log(
    `${basename(file)}: ${millions}M parameters in ${mebibytes(statSync(file).size)} MiB; ${batch} x ${time} tokens`
  )
  for (const { side, loaded, peak, seconds, hook } of results) {
    const median = seconds.toSorted((a, b) => a - b)[seconds.length >> 1] as number
    const each = ((median * 1e6) / batch / time).toFixed(0)
    console.log(`${side}: ${loaded} MiB when loaded, ${peak} at most; ${each} us of CPU a token to ${hook}`)
  }
  const norm = (numbers: Float32Array): number => Math.sqrt(numbers.reduce((sum, x) => sum + x * x, 0))
  const error = norm(stored.numbers.map((x, i) => x - (decoded.numbers[i] as number))) / norm(decoded.numbers)
  console.log(`relative difference of the activations: ${error.toExponential(1)}`)
}

if (values.side === undefined) compare()
else await Effect.runPromise(Effect.scoped(measured))
