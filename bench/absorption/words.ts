/**
 * What bench/absorption/peers.py compares: the words of one split, their prompts, what our probe and our selection say of them, and our
 * absorption of each.
 *
 *   node bench/absorption/words.ts SAE_FOLDER OUT.json
 */
import * as fs from "node:fs"
import * as Effect from "effect/Effect"
import { evaluateSplit } from "../../src/analysis/absorption/absorption-split.ts"
import { paperThresholds } from "../../src/analysis/absorption/ablation-verdict.ts"
import { commonWords } from "../../src/analysis/absorption/common-words.ts"
import { firstLetterAnswers } from "../../src/analysis/absorption/first-letter-answers.ts"
import { firstLetterWords } from "../../src/analysis/absorption/first-letter-words.ts"
import { probeDirections, trainLetterProbe } from "../../src/analysis/absorption/letter-probe.ts"
import { firingLatents, meanActive } from "../../src/analysis/absorption/firing-latents.ts"
import { lambda } from "../../src/analysis/absorption/rank-latents.ts"
import { saeBenchThresholds } from "../../src/analysis/absorption/word-absorption.ts"
import { unitRows } from "../../src/analysis/decoder-cosine.ts"
import { encodeLatents } from "../../src/analysis/latent-codes.ts"
import { LanguageModel } from "../../src/kinds/language-model/language-model.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import { openModel } from "../../src/model/open-model.ts"
import { l1Logistic } from "../../src/numeric/l1-logistic.ts"
import { stratifiedFolds } from "../../src/numeric/stratified-folds.ts"
import { openSaeModel } from "../../src/sae/sae-model.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { firstLetterPrompts, letters } from "../../src/text/first-letter/first-letter-prompts.ts"
import { openTokenizer } from "../../src/text/open-tokenizer.ts"
import { folderArtifact } from "../../test/artifact/folder-artifact.ts"

const [place, out] = process.argv.slice(2) as [string, string]

const dump = Effect.gen(function* () {
  yield* loadEngine("auto")
  const language = yield* LanguageModel.open(folderArtifact("models/tiny-speller", "LanguageModel"))
  const model = yield* openModel(language)
  const { encode } = yield* openTokenizer(language.tokenizer)
  const asked = firstLetterWords(commonWords(), encode, 50)
  const prompts = firstLetterPrompts({ words: asked, examples: 10, seed: 0, encode, bos: model.info.bos })
  const hook = "blocks.1.hook_resid_post"
  const { right, x: all } = yield* firstLetterAnswers(model, prompts, hook)
  const known = asked.flatMap((_, n) => (right[n] === true ? [n] : []))
  const d = all.length / asked.length
  const x = new Float32Array(known.length * d)
  known.forEach((word, n) => x.set(all.subarray(word * d, (word + 1) * d), n * d))
  const weights = yield* (yield* Sae.open(folderArtifact(place, "Sae"))).weights
  const codes = encodeLatents(x, yield* openSaeModel(weights))
  const labels = Uint8Array.from(known, (n) => prompts.letters[n]!)
  const fold = stratifiedFolds(labels, 5, 0)
  const words = known.map((n) => asked[n]!)
  const norms = Float64Array.from({ length: codes.d_sae }, (_, j) =>
    Math.hypot(...weights.W_dec.subarray(j * d, (j + 1) * d))
  )
  const scaled = { ...codes, values: codes.values.map((value, at) => value * norms[codes.latents[at]!]!) }
  const settings = {
    ...saeBenchThresholds,
    ...paperThresholds,
    ablated_words: 0,
    c: 1,
    min_probe_f1: 0,
    max_k: 10,
    f1_jump: 0.03,
    as_saebench: false,
    selection_tolerance: 1e-6,
    splits: 1,
    seed: 0
  }
  const { perLetter } = evaluateSplit(
    { classes: [...letters], words, letters: labels, x, codes: scaled, W_dec: weights.W_dec },
    d,
    unitRows(weights.W_dec, d),
    (row) => fold[row] === 0,
    settings
  )
  const train = known.flatMap((_, n) => (fold[n] === 0 ? [] : [n]))
  const rows = new Float32Array(train.length * d)
  train.forEach((row, n) => rows.set(x.subarray(row * d, (row + 1) * d), n * d))
  const probe = trainLetterProbe(
    rows,
    Uint8Array.from(train, (row) => labels[row]!)
  )
  // The minimum of the selecting probe, on codes divided by `unit`: what is compared is how far above it SAEBench's ends.
  const selecting = (unit: number) => {
    const columns = firingLatents(scaled, train, unit)
    return Array.from(letters, (_, letter) => {
      const positive = train.map((row) => labels[row] === letter)
      const positives = positive.filter(Boolean).length
      const cost = Float64Array.from(positive, (yes) => (yes ? train.length / positives - 1 : 1) / train.length)
      const { weights, bias } = l1Logistic(columns, positive, cost, { lambda, tolerance: 1e-6 })
      const dense = new Float64Array(codes.d_sae)
      columns.latents.forEach((latent, column) => (dense[latent] = weights[column]!))
      return { weights: [...dense], bias }
    })
  }
  const unit = meanActive(scaled)
  const text = (n: number) => prompts.ids.slice(known[n]! * prompts.length, (known[n]! + 1) * prompts.length)
  fs.writeFileSync(
    out,
    JSON.stringify({
      words,
      labels: [...labels],
      test: words.map((_, n) => fold[n] === 0),
      ids: words.map((_, n) => [...text(n)]),
      position: prompts.wordPosition,
      x: [...x],
      unit,
      selecting: { own: selecting(unit), asItIs: selecting(1) },
      probe: { weights: [...probe.weights], bias: [...probe.bias], directions: [...probeDirections(probe)] },
      letters: perLetter.map(({ split, kSparseF1, truePositives, absorbed }) => ({
        split: split.map(({ latent }) => latent),
        kSparseF1,
        truePositives,
        absorbed: absorbed.map(({ word: { word, fraction, full } }) => ({ word, fraction, full }))
      }))
    })
  )
})

await Effect.runPromise(Effect.scoped(dump))
