/**
 * What the tensorflow engine is made of, per platform, and where it is kept: TensorFlow's C library comes from its
 * Python wheel (any Python 3 can fetch it, nothing of Python is used at run time), the Node binding is compiled from the
 * source that `@tensorflow/tfjs-node-gpu` carries. One built engine per user serves every checkout.
 */
import { homedir } from "node:os"
import { join } from "node:path"

/** One file of a Python package index. */
export interface WheelFile {
  readonly requirement: string
  readonly pythonVersion: string
  readonly platformTag: string
  readonly file: string
  readonly sha256: string
  /** Bytes to download, undefined where it was never measured. */
  readonly size: number | undefined
}

/** TensorFlow's. */
export interface Wheel extends WheelFile {
  /** Library files inside the wheel that the binding links to, the C API's first. */
  readonly libraries: readonly [string, string]
  /** False where the recipe follows from the tested one but nobody has run it. */
  readonly tested: boolean
}

/** What TensorFlow is built for. The CUDA build computes on CPUs too, and there as the other one does, to the bit. */
export const variants = ["cpu", "cuda"] as const
export type Variant = (typeof variants)[number]

const TENSORFLOW_VERSION = "2.21.0"
export const BINDING_PACKAGE = "@tensorflow/tfjs-node-gpu"
export const BINDING_VERSION = "4.22.0"
/** The N-API version that the binding is compiled for: every Node since 12.22 has it. */
export const NAPI_VERSION = 8
/**
 * Raised whenever the same inputs would build a different engine, as a change in our own operations does. It is in the
 * engine's name and, as code, in the keys of the stages that compute with those operations.
 */
export const RECIPE_REVISION = 18

const LINUX_LIBRARIES = ["tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2"] as const
const MACOS_LIBRARIES = ["tensorflow/libtensorflow_cc.2.dylib", "tensorflow/libtensorflow_framework.2.dylib"] as const

/** Header folders inside the wheel that the compiled sources reach. */
export const HEADER_PREFIXES = [
  "absl/",
  "Eigen/",
  "google/protobuf/",
  "ml_dtypes/",
  "tensorflow/c/",
  "tensorflow/core/",
  "tsl/",
  "unsupported/Eigen/",
  "xla/tsl/"
].map((folder) => `tensorflow/include/${folder}`)

/** What operations of our own are compiled for: vectors of 256 bits with fused products, which every x64 CPU since 2015 has. */
export const OPS_FLAGS: Readonly<Record<string, ReadonlyArray<string>>> = { x64: ["-march=x86-64-v3"], arm64: [] }
/** And how the names of instruction sets that have it begin (see instruction-set.ts). */
export const OPS_INSTRUCTIONS: Readonly<Record<string, ReadonlyArray<string>>> = {
  x64: ["x64-avx2", "x64-avx512", "x64-amx"],
  arm64: ["arm64"]
}

const CUDA_WHEEL: Wheel = {
  requirement: `tensorflow==${TENSORFLOW_VERSION}`,
  pythonVersion: "3.12",
  platformTag: "manylinux_2_27_x86_64",
  file: `tensorflow-${TENSORFLOW_VERSION}-cp312-cp312-manylinux_2_27_x86_64.whl`,
  sha256: "b3b95643c4e70eb925839938fb35cbe142f317ec84af6844ee61513713bb13c0",
  size: 572_611_111,
  libraries: LINUX_LIBRARIES,
  tested: true
}

/** The wheel for a platform, undefined where TensorFlow publishes none. The interpreter tag is arbitrary: only C++ libraries are used. */
export const wheelFor = (platform: string, arch: string, variant: Variant = "cpu"): Wheel | undefined => {
  if (variant === "cuda") return platform === "linux" && arch === "x64" ? CUDA_WHEEL : undefined
  switch (`${platform}-${arch}`) {
    case "linux-x64":
      return {
        requirement: `tensorflow-cpu==${TENSORFLOW_VERSION}`,
        pythonVersion: "3.12",
        platformTag: "manylinux_2_27_x86_64",
        file: `tensorflow_cpu-${TENSORFLOW_VERSION}-cp312-cp312-manylinux_2_27_x86_64.whl`,
        sha256: "dcc8afd32930e42d5296b6ee19078b773706830af4ea97fbe503b9f5e0f820cb",
        size: 274_000_871,
        libraries: LINUX_LIBRARIES,
        tested: true
      }
    case "linux-arm64":
      return {
        requirement: `tensorflow==${TENSORFLOW_VERSION}`,
        pythonVersion: "3.12",
        platformTag: "manylinux_2_27_aarch64",
        file: `tensorflow-${TENSORFLOW_VERSION}-cp312-cp312-manylinux_2_27_aarch64.whl`,
        sha256: "b07d15737406533898e36c7ef7944b1be18e9028dc521b9229952c537bbc5552",
        size: undefined,
        libraries: LINUX_LIBRARIES,
        tested: false
      }
    case "darwin-arm64":
      return {
        requirement: `tensorflow==${TENSORFLOW_VERSION}`,
        pythonVersion: "3.12",
        platformTag: "macosx_12_0_arm64",
        file: `tensorflow-${TENSORFLOW_VERSION}-cp312-cp312-macosx_12_0_arm64.whl`,
        sha256: "56ecd7d47429acbe1df2694d50b75bf9fc3995ac92cb367cd9af6c4780ead712",
        size: undefined,
        libraries: MACOS_LIBRARIES,
        tested: false
      }
    default:
      return undefined
  }
}

/** Folder name of a built engine: everything that decides its bytes. */
export const engineId = (platform: string, arch: string, variant: Variant = "cpu"): string => {
  const built = variant === "cpu" ? "" : `-${variant}`
  return `tensorflow-${TENSORFLOW_VERSION}-tfjs-${BINDING_VERSION}-${platform}-${arch}${built}-r${RECIPE_REVISION}`
}

/** `PIPELINE_ENGINE_DIR`, else `$XDG_CACHE_HOME/sae-pipeline/engines`, else `~/.cache/sae-pipeline/engines`. */
export const enginesFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  env["PIPELINE_ENGINE_DIR"] || join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "sae-pipeline", "engines")

export const ADDON_FILE = "tfjs_binding.node"
/** Not there where it could not be compiled. */
export const OPS_FILE = "compiled_ops.node"
export const QUIET_FILE = "quiet_tensorflow.node"
/** Of the CUDA build alone. */
export const PRELOAD_FILE = "preload_libraries.node"
export const MANIFEST_FILE = "engine.json"
