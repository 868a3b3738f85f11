/** GPUs for one stage at a time, across processes and users of this machine, against what is really free of them. */
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { formatOwner, leaseHolder, tryLease } from "../../file/lease.ts"
import { RequestUnmet } from "../executor.ts"
import { type Gpu, gibibytes, type GpuUser } from "./gpus.ts"
import { gpuUsers, listGpus } from "./nvidia-smi.ts"
import { unmetGpus } from "./unmet.ts"

/**
 * Shared by all stores and all users of the machine, as the GPUs are: not the folder that TMPDIR names, which a cluster
 * may give to each job.
 */
const leaseFolder = (device: string): string =>
  join(process.env["PIPELINE_GPU_LEASES"] || "/tmp/pipeline-gpu-leases", device.replaceAll(/[^\w-]/g, "_"))

export interface GpuRequest {
  readonly gpu: number
  /** Bytes, of each. */
  readonly vram?: number
  /** For whoever waits for us. */
  readonly purpose: string
}

/** Nearly all of a GPU is all that a stage can have: the driver keeps some. Without a word, half of it has to be free. */
const wantedOf = (total: number, vram: number | undefined): number => Math.min(vram ?? total / 2, total * 0.95)

/** Why a GPU cannot be had; `told` is the same as long as nothing but numbers has changed. */
interface Refusal {
  readonly told: string
  readonly reason: string
}

const usersText = (users: ReadonlyArray<GpuUser>): string => {
  if (users.length === 0) return "in use"
  const pids = users.slice(0, 3).map(({ pid }) => pid)
  const more = users.length > 3 ? ` and ${users.length - 3} more` : ""
  return `used by ${users.length === 1 ? "process" : "processes"} ${pids.join(", ")}${more}`
}

const tryMemory = Effect.fnUntraced(function* (gpu: Gpu, vram: number | undefined) {
  if (gpu.free === null || gpu.total === null) return undefined
  const wanted = wantedOf(gpu.total, vram)
  if (gpu.free >= wanted) return undefined
  const users = yield* gpuUsers(gpu)
  const used = (gpu.total - gpu.free) / 1024 ** 3
  const amount = `${used.toFixed(used < 10 ? 1 : 0)} of ${gibibytes(gpu.total)}`
  const refusal: Refusal = {
    told: `${gpu.name} memory ${users.map(({ pid }) => pid).join(" ")}`,
    reason: `${gpu.name}: ${amount} ${usersText(users)} (${gibibytes(wanted)} wanted)`
  }
  return refusal
})

const busy = (gpu: Gpu, why: string): Refusal => ({ told: `${gpu.name} ${why}`, reason: `${gpu.name}: ${why}` })

/**
 * Why the GPU cannot be had now; undefined: it is ours until the scope ends. Nothing is claimed that could not be used: others
 * who wait would be told of us.
 */
const tryGpu = Effect.fnUntraced(function* (gpu: Gpu, { vram, purpose }: GpuRequest, scope: Scope.Scope) {
  const directory = leaseFolder(gpu.device)
  const holder = yield* leaseHolder(directory)
  if (holder !== undefined) return busy(gpu, `in use by ${holder}`)
  const lack = yield* tryMemory(gpu, vram)
  if (lack !== undefined) return lack
  const attempt = yield* tryLease({ directory, purpose, forAllUsers: true }).pipe(
    Effect.provideService(Scope.Scope, scope),
    Effect.catch((error) => Effect.succeed({ _tag: "refused" as const, problem: error.message }))
  )
  if (attempt._tag === "held") return undefined
  return busy(gpu, attempt._tag === "busy" ? `in use by ${formatOwner(attempt.owner)}` : attempt.problem)
})

/** All of them or none: two stages that each hold one of two would wait for ever. */
const tryGpus = Effect.fnUntraced(function* (gpus: ReadonlyArray<Gpu>, request: GpuRequest, outer: Scope.Scope) {
  const scope = yield* Scope.fork(outer)
  const held: Array<Gpu> = []
  const refusals: Array<Refusal> = []
  for (const gpu of gpus) {
    if (held.length === request.gpu) break
    if (gpu.total !== null && (request.vram ?? 0) > gpu.total) continue
    if (gpu.slice && request.gpu > 1) continue
    const refusal = yield* tryGpu(gpu, request, scope)
    if (refusal === undefined) held.push(gpu)
    else refusals.push(refusal)
  }
  if (held.length === request.gpu) return { held, refusals }
  yield* Scope.close(scope, Exit.void)
  return { held: [], refusals }
})

const FIRST_LOOK_MS = 500
const LONGEST_LOOK_MS = 4_000
/** A driver that fails N times in a row does not come back by itself. */
const MOST_FAILURES = 5

/**
 * Waits for `gpu` GPUs with `vram` bytes free on each, the lowest first, and holds them until the scope ends; tells what it
 * waits for, once as long as that is the same. Call it from one stage at a time, in the order in which they are to be served.
 */
export const takeGpus = Effect.fnUntraced(function* (request: GpuRequest, onWait: (why: string) => void) {
  const outer = yield* Scope.Scope
  let told: string | undefined
  let failures = 0
  for (let look = FIRST_LOOK_MS; ; look = Math.min(look * 1.5, LONGEST_LOOK_MS)) {
    const listed = yield* Effect.result(listGpus)
    if (listed._tag === "Failure") {
      if (++failures === MOST_FAILURES) return yield* new RequestUnmet({ problem: listed.failure.message })
    } else {
      failures = 0
      const unmet = unmetGpus(listed.success, request)[0]
      if (unmet !== undefined) return yield* new RequestUnmet({ problem: unmet.problem })
      const { held, refusals } = yield* tryGpus(listed.success, request, outer)
      if (held.length > 0) return held
      const now = refusals.map((refusal) => refusal.told).join("; ")
      if (now !== told) onWait(refusals.map(({ reason }) => reason).join("; "))
      told = now
    }
    yield* Effect.sleep(look)
  }
})
