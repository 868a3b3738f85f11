/** The GPUs of this machine, each leased to one stage of one process at a time. */
import { execFile } from "node:child_process"
import { chmodSync, existsSync, mkdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { formatOwner, tryLease } from "../../file/lease.ts"

export interface Gpu {
  /** What `CUDA_VISIBLE_DEVICES` takes. */
  readonly device: string
  /** For people: "gpu0". */
  readonly name: string
  /** Bytes; null where the driver does not tell (slices of a divided GPU). */
  readonly free: number | null
  readonly total: number | null
}

/** Cheap, and true on every machine with an NVIDIA driver: without it nobody is asked. */
export const mayHaveGpus = (): boolean => existsSync("/dev/nvidiactl") || existsSync("/proc/driver/nvidia/version")

const MIB = 1024 * 1024

/**
 * @param csv what nvidia-smi prints for index, uuid, memory.total, memory.free
 * @param visible `CUDA_VISIBLE_DEVICES` as found: indices, UUIDs or slices (MIG); undefined leaves all
 */
export const parseGpus = (csv: string, visible: string | undefined): ReadonlyArray<Gpu> => {
  const all = csv
    .split("\n")
    .map((line) => line.split(",").map((field) => field.trim()))
    .filter((fields) => fields.length === 4)
    .map(([index = "", uuid = "", total, free]): Gpu => ({
      device: uuid,
      name: `gpu${index}`,
      free: Number(free) * MIB,
      total: Number(total) * MIB
    }))
  if (visible === undefined) return all
  const wanted = visible
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "" && entry !== "-1")
  return wanted.flatMap((entry): ReadonlyArray<Gpu> => {
    if (entry.startsWith("MIG-")) return [{ device: entry, name: entry, free: null, total: null }]
    return all.filter(({ name, device }) => name === `gpu${entry}` || device.startsWith(entry)).slice(0, 1)
  })
}

/** Lowest first; empty where there is none, or no driver that answers. */
export const listGpus: Effect.Effect<ReadonlyArray<Gpu>> = Effect.callback((resume) => {
  if (!mayHaveGpus()) return resume(Effect.succeed([]))
  const query = ["--query-gpu=index,uuid,memory.total,memory.free", "--format=csv,noheader,nounits"]
  execFile("nvidia-smi", query, { timeout: 20_000 }, (error, stdout) =>
    resume(Effect.succeed(error === null ? parseGpus(stdout, process.env["CUDA_VISIBLE_DEVICES"]) : []))
  )
})

/** Shared by all stores and all users of the machine, as the GPUs are. */
const leaseFolder = (device: string): string => {
  const folder = join(tmpdir(), "pipeline-gpu-leases")
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o1777)
  }
  return join(folder, device.replaceAll(/[^\w-]/g, "_"))
}

const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(0)} GiB`

/** Why the GPU cannot be had now; undefined: it is ours until the scope ends. */
const tryGpu = Effect.fnUntraced(function* (gpu: Gpu, vram: number, purpose: string, scope: Scope.Scope) {
  if (gpu.free !== null && gpu.total !== null && gpu.free < Math.min(vram, gpu.total * 0.95)) {
    return `${gpu.name}: ${gigabytes(gpu.total - gpu.free)} of ${gigabytes(gpu.total)} are in use`
  }
  const own = yield* Scope.fork(scope)
  const attempt = yield* tryLease({ directory: leaseFolder(gpu.device), purpose }).pipe(
    Effect.provideService(Scope.Scope, own),
    Effect.catch((error) => Effect.succeed({ _tag: "refused" as const, problem: error.message }))
  )
  if (attempt._tag === "held") return undefined
  yield* Scope.close(own, Exit.void)
  return attempt._tag === "busy"
    ? `${gpu.name}, in use by ${formatOwner(attempt.owner)}`
    : `${gpu.name}: ${attempt.problem}`
})

const POLL = "1 second"

/**
 * Waits for `count` GPUs with `vram` bytes free on each, the lowest first, and holds them until the scope ends.
 * Never more than there are. Call it from one stage at a time, in the order in which they are to be served.
 */
export const takeGpus = Effect.fnUntraced(function* (
  count: number,
  vram: number,
  purpose: string,
  onWait: (why: string) => void
) {
  const outer = yield* Scope.Scope
  for (;;) {
    const gpus = yield* listGpus
    const wanted = Math.min(count, gpus.length)
    // Taken together or not at all: two stages that each hold one of two would wait for ever.
    const scope = yield* Scope.fork(outer)
    const held: Array<Gpu> = []
    const reasons: Array<string> = []
    for (const gpu of gpus) {
      if (held.length === wanted) break
      const reason = yield* tryGpu(gpu, vram, purpose, scope)
      if (reason === undefined) held.push(gpu)
      else reasons.push(reason)
    }
    if (held.length === wanted) return held
    yield* Scope.close(scope, Exit.void)
    onWait(reasons.join("; "))
    yield* Effect.sleep(POLL)
  }
})
