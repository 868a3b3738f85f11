/**
 * `node architecture-codes.ts CHECKOUT [TRAINED]`: prints the code that a training of each architecture of another checkout has
 * in its key, with the parameters that it has there; and the outcome of a small training of one of them.
 */
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Digests from "../../../src/catalog/code-digest.ts"
import type * as Engine from "../../../src/tensor/engine/engine.ts"
import type * as Found from "../../../src/sae/architectures.ts"
import type * as Manifests from "../../../src/plan/manifest.ts"
import type * as Request from "../../../src/sae/training-request.ts"
import type * as Rows from "../../../src/activations/row-source.ts"
import type * as Stage from "../../../stages/train-sae.ts"
import type * as Training from "../../../src/sae/training/train-sae.ts"
import { normalRows } from "../normal-rows.ts"

const [checkout, trained] = process.argv.slice(2) as [string, string | undefined]
const load = <Module>(path: string): Promise<Module> => import(pathToFileURL(join(checkout, path)).href)

const { codeDigest, joinCode } = await load<typeof Digests>("src/catalog/code-digest.ts")
const { keyParams } = await load<typeof Manifests>("src/plan/manifest.ts")
const { architectures } = await load<typeof Found>("src/sae/architectures.ts")
const { default: kind } = await load<typeof Stage>("stages/train-sae.ts")

const defaults = Object.fromEntries(Object.entries(kind.params).map(([name, param]) => [name, param.default as null]))
const codeOf = (file: string) => Effect.map(codeDigest(file, checkout), ({ value }) => value)
const codes: Record<string, unknown> = {}
for (const { name, options } of architectures.values()) {
  const params = { ...defaults, architecture: name, d_sae: 64, k: "k" in options ? 4 : null }
  const { code } = Result.getOrThrow(kind.decode(params, { activations: 1, init: 0 }))
  const parts = await Effect.runPromise(Effect.forEach([join(checkout, "stages/train-sae.ts"), ...code], codeOf))
  const { digest, packages, files } = joinCode(parts)
  codes[name] = { digest, packages, files: Object.keys(files), params: keyParams(params) }
}

let outcome: unknown = null
if (trained !== undefined) {
  const { trainingRequest } = await load<typeof Request>("src/sae/training-request.ts")
  const { trainSae } = await load<typeof Training>("src/sae/training/train-sae.ts")
  const { matrixRows } = await load<typeof Rows>("src/activations/row-source.ts")
  const { loadEngine } = await load<typeof Engine>("src/tensor/engine/engine.ts")
  await Effect.runPromise(loadEngine("auto"))
  const run = { architecture: trained, preset: "none", d_sae: 64, steps: 60, batch_rows: 128, lr: 0.01, seed: 1 }
  const options = Result.getOrThrow(trainingRequest(run))
  const result = await Effect.runPromise(trainSae(matrixRows(normalRows(2, 500 * 16), 16), options))
  outcome = { ...result.outcome, type: result.stored.latents.type }
}
process.stdout.write(JSON.stringify({ codes, outcome }))
