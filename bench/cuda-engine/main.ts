/**
 * The CUDA build of TensorFlow where there is no GPU: is it built, does it load, does it train to the same bits as the build
 * for CPUs. With `--libraries` the CUDA libraries are fetched too (2.3 GB), and opened as a worker with a GPU opens them.
 *
 *     node bench/cuda-engine/main.ts [--libraries]
 *
 * Downloads 0.57 GB where `PIPELINE_ENGINE_DIR` (else the user's own folder) does not hold it already.
 */
import { execFileSync } from "node:child_process"
import { createRequire } from "node:module"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { installedCudaLibraries } from "../../src/tensor/tensorflow/cuda-libraries.ts"
import { installCudaLibraries } from "../../src/tensor/tensorflow/install-cuda-libraries.ts"
import type { InstallProgress } from "../../src/tensor/tensorflow/install-step.ts"
import { installTensorflow } from "../../src/tensor/tensorflow/tensorflow-install.ts"
import { engineOf } from "../../src/tensor/tensorflow/tensorflow-status.ts"

const STEPS = join(import.meta.dirname, "../../test/tensor/tensorflow/step-digests.ts")
const fail = (problem: string): never => {
  console.error(problem)
  return process.exit(1)
}

let said = ""
const onProgress = ({ message }: InstallProgress): void => {
  if (message !== said) console.log(message)
  said = message
}

const install = (variant: "cpu" | "cuda") => {
  process.env["PIPELINE_TENSORFLOW"] = variant
  return Effect.runPromise(installTensorflow({ onProgress, libraries: false }))
}

/** Digests of the weights after four steps, by architecture. */
const digestsOf = (variant: "cpu" | "cuda", kernels: string): Readonly<Record<string, string>> => {
  const env = { ...process.env, PIPELINE_TENSORFLOW: variant, PIPELINE_KERNELS: kernels, CUDA_VISIBLE_DEVICES: "" }
  const text = execFileSync(process.execPath, [STEPS, "2"], { encoding: "utf8", env, stdio: ["ignore", "pipe", 2] })
  return JSON.parse(text) as Readonly<Record<string, string>>
}

await install("cpu")
await install("cuda")

for (const kernels of ["compiled", "library"]) {
  const [cpu, cuda] = [digestsOf("cpu", kernels), digestsOf("cuda", kernels)]
  const names = Object.keys(cpu)
  const other = names.filter((name) => cpu[name] !== cuda[name])
  console.log(
    `${kernels} kernels: ${names.length - other.length} of ${names.length} architectures train to the same bits`
  )
  if (other.length > 0) fail(`not the same: ${other.join(", ")}`)
}

if (process.argv.includes("--libraries")) {
  await Effect.runPromise(installCudaLibraries(onProgress))
  const { open } = createRequire(import.meta.url)(engineOf("cuda")?.preload ?? "") as {
    readonly open: (path: string) => string | undefined
  }
  const libraries = installedCudaLibraries() ?? fail("the CUDA libraries are not whole")
  const start = performance.now()
  for (const library of libraries) {
    const problem = open(library)
    if (problem !== undefined) fail(problem)
  }
  const took = performance.now() - start
  for (const library of libraries) {
    // As TensorFlow asks for it.
    const problem = open(library.slice(library.lastIndexOf("/") + 1))
    if (problem !== undefined) fail(`by its name: ${problem}`)
  }
  console.log(`${libraries.length} CUDA libraries open in ${took.toFixed(0)} ms, and then by name`)
}
