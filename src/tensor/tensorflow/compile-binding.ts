/**
 * Compiles the Node binding of TensorFlow's C library and our own operations, and tries the result in a process of its
 * own. An engine without the operations is a whole engine, only slower: see compiled-ops.ts.
 */
import { existsSync } from "node:fs"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { bindingPackageFolder } from "./binding-package.ts"
import { opsFit } from "./compiled-ops.ts"
import { attempt, command, type InstallProgress, unavailable } from "./install-step.ts"
import { instructionSet } from "./instruction-set.ts"
import {
  ADDON_FILE,
  NAPI_VERSION,
  OPS_FILE,
  OPS_FLAGS,
  PRELOAD_FILE,
  QUIET_FILE,
  type Variant
} from "./tensorflow-recipe.ts"
import { compiler, nodeHeadersFolder } from "./tensorflow-status.ts"

const QUIET_SOURCE = fileURLToPath(new URL("quiet-tensorflow.cc", import.meta.url))
const PRELOAD_SOURCE = fileURLToPath(new URL("preload-libraries.cc", import.meta.url))
const OPS_SOURCES = [
  "sae-select.cc",
  "sae-decode.cc",
  "sae-adam.cc",
  "sae-product.cc",
  "model-ops.cc",
  "model-attend.cc",
  "quantized-product.cc",
  "memory-ops.cc"
].map((file) => fileURLToPath(new URL(file, import.meta.url)))
const OPS_TOGETHER = "all-operations.cc"
/**
 * TensorFlow's own for code that shares its tensors; sums are kept in the order that the source gives them, and products are
 * fused with them only where it says so: any compiler gives the same bits.
 */
const OPS_OPTIONS = [
  ..."-O3 -w -fopenmp-simd -fno-math-errno -fno-trapping-math -ffp-contract=off".split(" "),
  "-DEIGEN_MAX_ALIGN_BYTES=64"
]

/**
 * `include` is the wheel's header folder; `engine` holds the wheel's two libraries (`libraries`, the C API's first) and
 * receives the native modules, which find the libraries beside themselves wherever the folder is moved.
 */
export const compileBinding = Effect.fn("compileBinding")(function* (
  include: string,
  engine: string,
  libraries: readonly [string, string],
  variant: Variant,
  report: (progress: InstallProgress) => void
) {
  const sources = bindingPackageFolder()
  const headers = nodeHeadersFolder()
  if (sources === undefined || headers === undefined) return yield* unavailable("the binding's source disappeared")
  const mac = process.platform === "darwin"
  const link = (files: ReadonlyArray<string>) =>
    mac
      ? [...files.map((file) => join(engine, file)), "-undefined", "dynamic_lookup", "-Wl,-rpath,@loader_path"]
      : [`-L${engine}`, ...files.map((file) => `-l:${file}`), "-Wl,-rpath,$ORIGIN"]
  const flags = [
    "-std=c++17",
    "-O2",
    "-fPIC",
    "-shared",
    `-DNAPI_VERSION=${NAPI_VERSION}`,
    "-I",
    include,
    "-I",
    headers
  ]
  const binding = ["tfjs_backend.cc", "tfjs_binding.cc"].map((file) => join(sources, "binding", file))
  const compile = (target: string, files: ReadonlyArray<string>, linked: ReadonlyArray<string>) =>
    command("compiling the binding", compiler(), [...flags, ...files, "-o", join(engine, target), ...link(linked)], {
      cwd: engine
    })
  // TensorFlow's headers take the compiler longer than what is ours: they are read once for all of it.
  const together = join(include, OPS_TOGETHER)
  const operations = attempt("writing what is compiled", () =>
    writeFile(together, OPS_SOURCES.map((file) => `#include ${JSON.stringify(file)}\n`).join(""))
  ).pipe(Effect.andThen(compile(OPS_FILE, [...OPS_OPTIONS, ...(OPS_FLAGS[process.arch] ?? []), together], libraries)))
  const [, , built] = yield* Effect.all(
    [
      compile(ADDON_FILE, binding, libraries),
      compile(QUIET_FILE, [`-DFRAMEWORK_LIBRARY="${libraries[1]}"`, QUIET_SOURCE], []).pipe(
        Effect.andThen(variant === "cuda" ? compile(PRELOAD_FILE, [PRELOAD_SOURCE], []) : Effect.void)
      ),
      Effect.result(operations)
    ],
    { concurrency: 2 }
  )
  if (Result.isFailure(built)) yield* withoutOperations(engine, built.failure.message, report)
})

const withoutOperations = (engine: string, reason: string, report: (progress: InstallProgress) => void) =>
  Effect.gen(function* () {
    yield* attempt("removing operations that do not work", () => rm(join(engine, OPS_FILE), { force: true }))
    report({
      step: "compile",
      message: `going on without operations of our own, which makes models and training slower: ${reason}`
    })
  })

/** Multiplies two matrices through the binding alone: a wrong CPU or C library ends this process, not ours. */
const TRY = `
const [quiet, addon, operations] = process.argv.slice(1)
require(quiet)
const binding = require(addon)
const float = (shape, values) => binding.createTensor(shape, binding.TF_FLOAT, new Float32Array(values))
const type = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }
const flag = (name) => ({ name, type: binding.TF_ATTR_BOOL, value: false })
const int = (name, value) => ({ name, type: binding.TF_ATTR_INT, value })
const first = (name, attributes, inputs, outputs) =>
  binding.tensorDataSync(binding.executeOp(name, attributes, inputs, outputs)[0].id)[0]
const product = [float([1, 2], [1, 2]), float([2, 1], [3, 4])]
if (first("MatMul", [type, flag("transpose_a"), flag("transpose_b")], product, 1) !== 11)
  throw new Error("1 * 3 + 2 * 4 is not 11 here")
if (operations !== undefined) {
  require(operations)
  const numbers = [float([1, 1], [1]), float([3, 1], [1, 5, 2]), float([3], [0, 0, 0]), float([0], [])]
  if (first("SaeSelect", [int("mode", 0), int("count", 1), int("by", 0), flag("absolute")], numbers, 4) !== 5)
    throw new Error("5 is not the largest of 1, 5 and 2 here")
}
`

const tryFiles = (engine: string, files: ReadonlyArray<string>) =>
  command("the first matrix product", process.execPath, ["-e", TRY, ...files.map((file) => join(engine, file))], {
    cwd: engine,
    // Without the CUDA libraries, and while somebody else may have all the GPUs.
    env: { CUDA_VISIBLE_DEVICES: "" }
  })

export const tryBinding = Effect.fn("tryBinding")(function* (
  engine: string,
  report: (progress: InstallProgress) => void
) {
  yield* tryFiles(engine, [QUIET_FILE, ADDON_FILE])
  if (!existsSync(join(engine, OPS_FILE)) || !opsFit(instructionSet())) return
  const tried = yield* Effect.result(tryFiles(engine, [QUIET_FILE, ADDON_FILE, OPS_FILE]))
  if (Result.isFailure(tried)) yield* withoutOperations(engine, tried.failure.message, report)
})
