/**
 * What bench/sparse-probe/peers.py compares: every task's rows and labels, the latents' activations there, and our probes.
 *
 *   node bench/sparse-probe/rows.ts SAE_FOLDER OUT_FOLDER
 */
import * as fs from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { encodeLatents } from "../../src/analysis/latent-codes.ts"
import { basisFeatures, latentFeatures } from "../../src/analysis/probing/features.ts"
import { probeTasks, taskRng, taskRows } from "../../src/analysis/probing/probe-tasks.ts"
import { wordRows } from "../../src/analysis/probing/word-rows.ts"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import { openModel } from "../../src/model/open-model.ts"
import { openSaeModel } from "../../src/sae/sae-model.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { openTokenizer } from "../../src/text/open-tokenizer.ts"
import { folderArtifact } from "../../test/artifact/folder-artifact.ts"

const [place, out] = process.argv.slice(2) as [string, string]
const seed = 0

const dump = Effect.gen(function* () {
  yield* loadEngine("auto")
  const language = yield* LanguageModel.open(folderArtifact("models/tiny-speller", "LanguageModel"))
  const model = yield* openModel(language)
  const sae = yield* openSaeModel(yield* (yield* Sae.open(folderArtifact(place, "Sae"))).weights)
  const words = wordRows(model, yield* openTokenizer(language.tokenizer), 8, seed)
  const x = words.rows("blocks.1.hook_resid_post", () => {})
  const codes = encodeLatents(x, sae)
  const dense = new Float32Array(codes.rows * codes.d_sae)
  for (let row = 0; row < codes.rows; row++) {
    for (let at = codes.offsets[row]!; at < codes.offsets[row + 1]!; at++) {
      dense[row * codes.d_sae + codes.latents[at]!] = codes.values[at]!
    }
  }
  fs.writeFileSync(join(out, "latents.f32"), dense)
  fs.writeFileSync(join(out, "basis.f32"), x)
  const features = { latents: latentFeatures(codes), basis: basisFeatures(x, sae.d_in) }
  const options = { seed, ks: [1, 16], ranking: "mean_difference", among: 1 } as const
  const ours = probeTasks(words.document, words.heldOut, words.tasks, features, options)
  const tasks = ours.tasks.map((found) => {
    const task = words.tasks.find(({ name }) => name === found.name)!
    const [train, test] = taskRows(task, words.heldOut, taskRng(seed, task))
    const answers = (rows: ReadonlyArray<number>) => rows.map((row) => Number(task.answers[row]))
    return { name: task.name, train, test, trained: answers(train), tested: answers(test), probes: found.probes }
  })
  fs.writeFileSync(join(out, "tasks.json"), JSON.stringify({ rows: codes.rows, tasks }))
})

await Effect.runPromise(Effect.scoped(dump))
