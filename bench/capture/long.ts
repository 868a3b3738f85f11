/**
 * Capture of long contexts: CPU time of a token, of one thread, and memory of the process, for contexts of several lengths.
 *
 *   node bench/capture/long.ts MODEL_FOLDER [--hook blocks.4.hook_resid_pre] [--lengths 128,512,2048,8192] [--repeats 3]
 *
 * MODEL_FOLDER: a LanguageModel artifact, as `pipeline export` writes it. Every length runs as many tokens: 2,048, or one context.
 */
import { parseArgs } from "node:util"
import type * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { openBody } from "../../src/model/open-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { folderArtifact } from "../../test/artifact/folder-artifact.ts"

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hook: { type: "string", default: "blocks.4.hook_resid_pre" },
    lengths: { type: "string", default: "128,512,2048,8192" },
    repeats: { type: "string", default: "3" }
  }
})
const { hook } = values
const tokensPerPass = 2048

const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

const measured = Effect.gen(function* () {
  const engine = yield* loadEngine("tensorflow", { threads: 1 })
  console.log(`${engine.name} ${engine.version}, ${engine.isa}`)
  const model = yield* openBody(yield* LanguageModel.open(folderArtifact(positionals[0] as string, "LanguageModel")))
  const rng = Rng.make(0, "tokens")
  let first: number | undefined
  for (const time of values.lengths.split(",").map(Number)) {
    const batch = Math.max(1, Math.floor(tokensPerPass / time))
    const ids = Int32Array.from({ length: batch * time }, () => rng.int(model.info.d_vocab))
    const pass = (): number => {
      const begun = cpu()
      const activation = runModel(model, { ids, batch, time }, { hooks: [hook] }).activations[hook] as tf.Tensor
      activation.dataSync()
      activation.dispose()
      return (cpu() - begun) / ids.length
    }
    pass()
    const spent = Array.from({ length: Number(values.repeats) }, pass).toSorted((a, b) => a - b)
    const median = spent[spent.length >> 1] as number
    first ??= median
    console.log(
      `${batch} x ${time}: ${(median * 1e6).toFixed(0)} us of CPU a token, ${(median / first).toFixed(2)} times the first; ` +
        `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most until here`
    )
  }
})

await Effect.runPromise(Effect.scoped(measured))
