/**
 * What the model's part of absorption costs, in seconds of CPU a word: its answers, and the ablation of a word's latents along the path
 * of integrated gradients.
 *
 *   node bench/absorption/cost.ts MODEL_FOLDER [--hook blocks.15.hook_resid_post] [--words 64] [--ablated 32]
 *
 * MODEL_FOLDER: a LanguageModel artifact, as `pipeline export` writes it. Latents are random: what they are costs nothing here.
 */
import { parseArgs } from "node:util"
import * as Effect from "effect/Effect"
import { ablationEffects, errorKept } from "../../src/analysis/absorption/ablation-effects.ts"
import { commonWords } from "../../src/analysis/absorption/common-words.ts"
import { firstLetterAnswers } from "../../src/analysis/absorption/first-letter-answers.ts"
import { firstLetterWords } from "../../src/analysis/absorption/first-letter-words.ts"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { openModel } from "../../src/model/open-model.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { firstLetterPrompts } from "../../src/text/first-letter/first-letter-prompts.ts"
import { openTokenizer } from "../../src/text/open-tokenizer.ts"
import { folderArtifact } from "../../test/artifact/folder-artifact.ts"

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hook: { type: "string", default: "blocks.15.hook_resid_post" },
    words: { type: "string", default: "64" },
    ablated: { type: "string", default: "32" }
  }
})
const { hook } = values
const [asked, ablated] = [Number(values.words), Number(values.ablated)]

const timed = <A>(what: string, words: number, work: () => A): A => {
  const [cpu, wall] = [process.cpuUsage(), performance.now()]
  const made = work()
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - wall) / 1000
  console.log(
    `${what}: ${((user + system) / 1e6 / words).toFixed(3)} s of CPU a word, ${(seconds / words).toFixed(3)} s`
  )
  return made
}

const measured = Effect.gen(function* () {
  const engine = yield* loadEngine("tensorflow", { threads: 2 })
  console.log(`${engine.name} ${engine.version}, ${engine.isa}`)
  const language = yield* LanguageModel.open(folderArtifact(positionals[0] as string, "LanguageModel"))
  const model = yield* openModel(language)
  const { encode } = yield* openTokenizer(language.tokenizer)
  const words = firstLetterWords(commonWords(), encode, 50).slice(0, asked)
  const prompts = firstLetterPrompts({ words, examples: 10, seed: 0, encode, bos: model.info.bos })
  console.log(`${words.length} words, prompts of ${prompts.length} tokens, ${prompts.wordPosition} before the word`)
  const { right, x } = timed("answers", words.length, () => Effect.runSync(firstLetterAnswers(model, prompts, hook)))
  console.log(`${right.filter(Boolean).length} right`)
  const [d, d_sae, active] = [x.length / words.length, 4096, 25]
  const rng = Rng.make(0, "latents")
  const codes = {
    rows: words.length,
    d_sae,
    offsets: Uint32Array.from({ length: words.length + 1 }, (_, n) => n * active),
    latents: Uint32Array.from({ length: words.length * active }, () => rng.int(d_sae)),
    values: Float32Array.from({ length: words.length * active }, () => rng.float())
  }
  const W_dec = Float32Array.from({ length: d_sae * d }, () => rng.normal() / Math.sqrt(d))
  const weights = { W_dec, b_dec: new Float32Array(d), d_in: d }
  const some = Array.from({ length: ablated }, (_, row) => ({ prompt: row, row }))
  const effects = timed("ablations", ablated, () =>
    ablationEffects({ model, prompts, hook, codes, weights }, some, errorKept)
  )
  console.log(`first effects ${[...effects[0]!.subarray(0, 3)].map((effect) => effect.toPrecision(5)).join(", ")}`)
})

await Effect.runPromise(Effect.scoped(measured))
