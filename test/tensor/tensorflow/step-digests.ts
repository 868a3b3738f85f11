/** Prints a digest of each architecture's weights after four steps: the child process of same-bits.test.ts. */
import { createHash } from "node:crypto"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { makeSaeTrainer } from "../../../src/sae/training/sae-trainer.ts"
import { loadEngine } from "../../../src/tensor/engine/engine.ts"
import { architectureNames, methodOf, resolvedFor } from "../../sae/architectures/known.ts"
import { normalRows } from "../../sae/normal-rows.ts"

await Effect.runPromise(loadEngine("auto", { threads: Number(process.argv[2]) }))
const [d_in, d_sae, rows] = [96, 1024, 256]
const digests: Record<string, string> = {}
for (const architecture of architectureNames) {
  const options = resolvedFor(architecture, {
    d_sae,
    k: 8,
    steps: 100,
    batch_rows: rows,
    seed: 0,
    sparsity_coefficient: 0.1,
    dead_after: rows,
    precision: "auto",
    clip: architecture === "topk" ? 1 : null
  })
  const trainer = makeSaeTrainer(options, methodOf(architecture), {
    d_in,
    b_dec: new Float32Array(d_in),
    variance: d_in
  })
  for (let step = 0; step < 4; step++) {
    const x = tf.tensor2d(normalRows(step, rows * d_in), [rows, d_in])
    trainer.step(x)
    x.dispose()
  }
  const { W_enc, W_dec, b_enc } = trainer.exportState()
  const hash = createHash("sha256")
  for (const { weights, secondMoment } of [W_enc, W_dec, b_enc]) hash.update(weights).update(secondMoment)
  digests[architecture] = hash.digest("hex")
  trainer.dispose()
}
process.stdout.write(`${JSON.stringify(digests)}\n`)
