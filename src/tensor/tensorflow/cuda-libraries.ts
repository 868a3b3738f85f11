/**
 * The CUDA libraries that TensorFlow 2.21 opens when it starts on a GPU, and what those need, as NVIDIA's Python wheels carry
 * them. They are kept once per user, beside the engines: a new revision of our recipe fetches none of them again. What
 * `tensorflow[and-cuda]` names besides (NCCL, cuRAND, CUPTI, nvcc) is for several machines, Keras, profiles and XLA.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"
import { filesAreWhole } from "./engine-manifest.ts"
import { enginesFolder, type WheelFile } from "./tensorflow-recipe.ts"

export interface CudaWheel extends WheelFile {
  readonly size: number
  /** In the order in which they are opened: what a library needs stands before it. Below the wheel's root. */
  readonly opens: ReadonlyArray<string>
}

const wheel = (
  name: string,
  version: string,
  platformTag: string,
  size: number,
  sha256: string,
  opens: ReadonlyArray<string>
): CudaWheel => ({
  requirement: `nvidia-${name}-cu12==${version}`,
  pythonVersion: "3.12",
  platformTag: platformTag.split(".")[0] ?? platformTag,
  file: `nvidia_${name.replaceAll("-", "_")}_cu12-${version}-py3-none-${platformTag}.whl`,
  sha256,
  size,
  opens: opens.map((library) => `nvidia/${name.replaceAll("-", "_")}/lib/${library}`)
})

const NEW = "manylinux_2_27_x86_64"
const OLD = "manylinux2014_x86_64.manylinux_2_17_x86_64"
const OLDEST = "manylinux2010_x86_64.manylinux_2_12_x86_64"

export const cudaWheels: ReadonlyArray<CudaWheel> = [
  wheel("cuda-runtime", "12.9.79", OLD, 3_493_179, "25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3", [
    "libcudart.so.12"
  ]),
  wheel(
    "nvjitlink",
    "12.9.86",
    OLDEST,
    39_748_338,
    "e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9",
    ["libnvJitLink.so.12"]
  ),
  wheel(
    "cuda-nvrtc",
    "12.9.86",
    OLDEST,
    89_568_129,
    "210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4",
    ["libnvrtc.so.12"]
  ),
  wheel("cublas", "12.9.3.13", NEW, 581_217_458, "d7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72", [
    "libcublasLt.so.12",
    "libcublas.so.12"
  ]),
  wheel("cufft", "11.4.1.4", OLD, 200_877_592, "c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28", [
    "libcufft.so.11"
  ]),
  wheel(
    "cusparse",
    "12.5.10.65",
    OLD,
    366_465_088,
    "73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78",
    ["libcusparse.so.12"]
  ),
  wheel("cusolver", "11.7.5.82", NEW, 338_117_415, "15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88", [
    "libcusolver.so.11"
  ]),
  wheel("cudnn", "9.28.0.42", NEW, 716_538_495, "9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375", [
    "libcudnn.so.9"
  ])
]

export const CUDA_ID = "cuda-12.9-cudnn-9.28-r1"

/** Bytes to download. */
export const cudaDownloadBytes = cudaWheels.reduce((sum, { size }) => sum + size, 0)

export const cudaFolder = (): string => join(enginesFolder(), CUDA_ID)

/** The libraries to open, in order; undefined where they are not installed, or not whole. */
export const installedCudaLibraries = (): ReadonlyArray<string> | undefined => {
  const folder = cudaFolder()
  if (!filesAreWhole(folder, CUDA_ID)) return undefined
  return cudaWheels.flatMap(({ opens }) => opens.map((library) => join(folder, library)))
}

/** Whether this machine has NVIDIA's driver, and so may have a GPU that the CUDA build can use. */
export const hasNvidiaDriver = (): boolean =>
  process.platform === "linux" &&
  ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/libcuda.so.1"].some((path) => existsSync(path))
