/** What NVIDIA's driver says of the GPUs of this machine, asked through its own program. */
import { execFile } from "node:child_process"
import { accessSync, constants, existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { type Gpu, type GpuUser, parseGpus, parseUsers, visibleGpus } from "./gpus.ts"

/** There is a driver, and it does not answer. */
export class GpusUnreadable extends Data.TaggedError("GpusUnreadable")<{ readonly reason: string }> {
  override get message(): string {
    const remedy = "Mend the driver, or set CUDA_VISIBLE_DEVICES= to nothing to compute on the CPU"
    return `the GPUs of this machine are not known: ${this.reason}. ${remedy}`
  }
}

/** Where it is not on the PATH (WSL), or is to be another. */
const named = (): string | undefined => process.env["PIPELINE_NVIDIA_SMI"] || undefined

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const onPath = (): boolean =>
  (process.env["PATH"] ?? "")
    .split(delimiter)
    .some((folder) => folder !== "" && isExecutable(join(folder, "nvidia-smi")))

/** Cheap, and true on every machine with an NVIDIA driver: without it nobody is asked. */
export const mayHaveGpus = (): boolean => {
  const visible = process.env["CUDA_VISIBLE_DEVICES"]?.trim()
  if (visible === "" || visible === "-1") return false
  return named() !== undefined || existsSync("/dev/nvidiactl") || existsSync("/proc/driver/nvidia/version") || onPath()
}

const ask = (...args: ReadonlyArray<string>): Effect.Effect<string, GpusUnreadable> =>
  Effect.callback((resume) => {
    const program = named() ?? "nvidia-smi"
    const child = execFile(program, args, { timeout: 20_000 }, (error, stdout, stderr) => {
      if (error === null || `${stdout}${stderr}`.includes("No devices were found")) {
        return resume(Effect.succeed(error === null ? stdout : ""))
      }
      const said = `${stderr}\n${stdout}`.trim().split("\n")[0] ?? ""
      const ended = error.killed === true ? "does not answer within 20 s" : `fails (${error.code ?? error.signal})`
      const reason = error.code === "ENOENT" ? `${program} is not there` : `${program} ${ended}`
      resume(Effect.fail(new GpusUnreadable({ reason: said === "" ? reason : `${reason}: ${said}` })))
    })
    return Effect.sync(() => child.kill())
  })

const CSV = "--format=csv,noheader,nounits"

/** Those that CUDA_VISIBLE_DEVICES leaves, in its order, else lowest first; empty where there is no NVIDIA driver. */
export const listGpus: Effect.Effect<ReadonlyArray<Gpu>, GpusUnreadable> = Effect.suspend(() => {
  if (!mayHaveGpus()) return Effect.succeed([])
  return Effect.gen(function* () {
    const csv = yield* ask("--query-gpu=index,uuid,memory.total,memory.free", CSV)
    // Slices of divided GPUs are listed nowhere else.
    const list = yield* ask("-L").pipe(Effect.orElseSucceed(() => ""))
    return visibleGpus(parseGpus(csv, list), process.env["CUDA_VISIBLE_DEVICES"])
  })
})

/** Who has memory of a GPU, most first; empty where the driver does not tell (containers). */
export const gpuUsers = (gpu: Gpu): Effect.Effect<ReadonlyArray<GpuUser>> =>
  ask("--query-compute-apps=gpu_uuid,pid,used_memory", CSV).pipe(
    Effect.map((csv) => parseUsers(csv, gpu.device)),
    Effect.orElseSucceed(() => [])
  )
