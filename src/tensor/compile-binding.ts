/** Compiles the Node binding of TensorFlow's C library, and tries the result in a process of its own. */
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { bindingPackageFolder } from "./binding-package.ts"
import { command, unavailable } from "./install-step.ts"
import { ADDON_FILE, NAPI_VERSION, QUIET_FILE } from "./tensorflow-recipe.ts"
import { compiler, nodeHeadersFolder } from "./tensorflow-status.ts"

const QUIET_SOURCE = fileURLToPath(new URL("quiet-tensorflow.cc", import.meta.url))

/**
 * `include` is the wheel's header folder; `engine` holds the wheel's two libraries (`libraries`, the C API's first) and
 * receives the two native modules, which find the libraries beside themselves wherever the folder is moved.
 */
export const compileBinding = Effect.fn("compileBinding")(function* (
  include: string,
  engine: string,
  libraries: readonly [string, string]
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
  yield* compile(ADDON_FILE, binding, libraries)
  yield* compile(QUIET_FILE, [`-DFRAMEWORK_LIBRARY="${libraries[1]}"`, QUIET_SOURCE], [])
})

/** Multiplies two matrices through the binding alone: a wrong CPU or C library ends this process, not ours. */
const TRY = `
require(process.argv[1])
const binding = require(process.argv[2])
const float = (shape, values) => binding.createTensor(shape, binding.TF_FLOAT, new Float32Array(values))
const type = { name: "T", type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }
const flag = (name) => ({ name, type: binding.TF_ATTR_BOOL, value: false })
const [product] = binding.executeOp(
  "MatMul",
  [type, flag("transpose_a"), flag("transpose_b")],
  [float([1, 2], [1, 2]), float([2, 1], [3, 4])],
  1,
)
if (binding.tensorDataSync(product.id)[0] !== 11) throw new Error("1 * 3 + 2 * 4 is not 11 here")
`

export const tryBinding = (engine: string) =>
  command(
    "the first matrix product",
    process.execPath,
    ["-e", TRY, join(engine, QUIET_FILE), join(engine, ADDON_FILE)],
    {
      cwd: engine
    }
  )
