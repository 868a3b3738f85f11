/** `pipeline doctor`: what this machine has, what is missing, and the command that fixes it. */
import { existsSync } from "node:fs"
import { statfs } from "node:fs/promises"
import { arch, availableParallelism, freemem, platform, totalmem } from "node:os"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"
import type { Gpu } from "../../execute/local/gpus.ts"
import { listGpus } from "../../execute/local/nvidia-smi.ts"
import { engineFacts } from "../../tensor/engine/engine-facts.ts"
import { resolveEngine } from "../../tensor/engine/engine.ts"
import { olderEngines } from "../../tensor/tensorflow/older-engines.ts"
import { installedEngine, tensorflowStatus } from "../../tensor/tensorflow/tensorflow-status.ts"
import type { TensorflowStatus } from "../../tensor/tensorflow/tensorflow-status.ts"
import { probeAdapter } from "../../tensor/webgpu/probe-adapter.ts"
import type { CacheInput } from "../flags/store-flags.ts"
import { whyUntraceable } from "../../command/trace-programs.ts"
import { formatBytes, formatTable } from "../render/words.ts"
import { projectHere } from "../experiment/project-here.ts"

interface Finding {
  readonly what: string
  readonly state: "ok" | "missing" | "note"
  readonly detail: string
  readonly fix?: string
}

const tensorflowFindings = (status: TensorflowStatus): ReadonlyArray<Finding> => {
  const notes = status.notes.map((note): Finding => ({ what: "engine tensorflow", state: "note", detail: note }))
  switch (status.state) {
    case "installed":
      return [
        { what: "engine tensorflow", state: "ok", detail: `${status.engine.id} in ${status.engine.folder}` },
        ...notes
      ]
    case "installable": {
      const size = status.downloadBytes === undefined ? "" : ` (a download of ${formatBytes(status.downloadBytes)})`
      const detail = `not installed; the first run installs it by itself${size}`
      return [{ what: "engine tensorflow", state: "missing", detail, fix: "pipeline engine install" }, ...notes]
    }
    case "missing":
      return [
        ...status.missing.map(({ what, fix }): Finding => ({
          what: "engine tensorflow",
          state: "missing",
          detail: what,
          fix
        })),
        ...notes
      ]
  }
}

const gpuText = ({ name, total, free }: Gpu): string =>
  total === null ? name : `${name} with ${formatBytes(total)}${free === null ? "" : `, ${formatBytes(free)} free`}`

const gpuFinding: Effect.Effect<Finding> = listGpus.pipe(
  Effect.map((gpus): Finding => {
    if (gpus.length > 0) return { what: "GPU", state: "ok", detail: gpus.map(gpuText).join("; ") }
    return { what: "GPU", state: "note", detail: "none that NVIDIA's driver knows: GPU stages run on the CPU" }
  }),
  Effect.catch(({ reason }) =>
    Effect.succeed<Finding>({
      what: "GPU",
      state: "missing",
      detail: reason,
      fix: "mend the driver, or CUDA_VISIBLE_DEVICES= to compute on the CPU"
    })
  )
)

const kernelWords = {
  compiled: "operations of our own, for CPUs",
  library: "TensorFlow's own operations",
  shaders: "shaders of our own",
  portable: "typed arrays"
} as const

/** Which way the sparse kernels go; on a GPU also whether that is the faster one here. */
const kernelFinding = Effect.fnUntraced(function* () {
  const what = "kernels"
  const variant = installedEngine()?.variant
  const gpus = variant === "cuda" ? yield* Effect.orElseSucceed(listGpus, () => []) : []
  const facts = yield* engineFacts({ time: gpus.length > 0 })
  if ("problem" in facts) {
    return { what, state: "missing", detail: facts.problem, fix: "pipeline engine install" } satisfies Finding
  }
  const { info, stepMilliseconds } = facts
  const detail = `${kernelWords[info.kernels]}; on the ${info.device.toUpperCase()}`
  if (info.device === "cpu" || stepMilliseconds === null) return { what, state: "ok", detail } satisfies Finding
  const onCpu = yield* engineFacts({ env: { CUDA_VISIBLE_DEVICES: "" }, time: true })
  const cpuTime = "problem" in onCpu ? null : onCpu.stepMilliseconds
  const times = `${detail}: ${stepMilliseconds.toFixed(1)} ms a sparse step, ${cpuTime?.toFixed(1) ?? "?"} ms on the CPU`
  return cpuTime !== null && cpuTime < stepMilliseconds
    ? ({ what, state: "note", detail: times, fix: "CUDA_VISIBLE_DEVICES= is faster here" } satisfies Finding)
    : ({ what, state: "ok", detail: times } satisfies Finding)
})

const olderFindings = Effect.map(olderEngines, ({ folders, bytes }): ReadonlyArray<Finding> => {
  if (folders.length === 0) return []
  const what = folders.length === 1 ? "an older one takes" : `${folders.length} older ones take`
  const detail = `${what} ${formatBytes(bytes)}; only older checkouts of this project use such`
  return [{ what: "engine tensorflow", state: "note", detail, fix: `rm -r ${folders.join(" ")}` }]
})

const webgpuFinding = Effect.map(probeAdapter, (found): Finding => {
  const what = "engine webgpu"
  if (typeof found === "string") return { what, state: "note", detail: found }
  if (found.hardware) return { what, state: "ok", detail: found.name }
  return { what, state: "note", detail: `${found.name} computes on the CPU: used only where it is asked for` }
})

/** @param why programs cannot be looked at */
const strictFinding = (why: string | undefined): Finding => ({
  what: "run --strict",
  state: why === undefined ? "ok" : "note",
  detail: why === undefined ? "what programs open is seen, by strace" : `what programs open is not seen: ${why}`
})

const existing = (folder: string): string => (existsSync(folder) ? folder : existing(dirname(folder)))

export const doctor = Effect.fn("doctor")(function* (input: CacheInput) {
  const project = yield* projectHere(input.cache)
  const disk = yield* Effect.tryPromise(() => statfs(existing(project.cache)))
  const engine = yield* resolveEngine("auto").pipe(Effect.catch((error) => Effect.succeed(error.message)))
  const findings: ReadonlyArray<Finding> = [
    { what: "node", state: "ok", detail: `${process.version} on ${platform()} ${arch()}` },
    { what: "CPU", state: "ok", detail: `${availableParallelism()} cores for this process` },
    { what: "memory", state: "ok", detail: `${formatBytes(freemem())} free of ${formatBytes(totalmem())}` },
    yield* gpuFinding,
    ...tensorflowFindings(yield* tensorflowStatus),
    ...(installedEngine() === undefined ? [] : [yield* kernelFinding()]),
    ...(yield* olderFindings),
    yield* webgpuFinding,
    { what: "engine wasm", state: "ok", detail: "always there; several times slower than tensorflow" },
    { what: "engine in use", state: "ok", detail: engine },
    {
      what: "store",
      state: "ok",
      detail: `${project.cache}, ${formatBytes(disk.bavail * disk.bsize)} free on its disk`
    },
    strictFinding(yield* Effect.promise(whyUntraceable))
  ]
  if (input.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`)
  else {
    const rows = findings.map(({ what, state, detail, fix }) => [
      state === "ok" ? "ok" : state,
      what,
      fix === undefined ? detail : `${detail}\n${" ".repeat(28)}fix: ${fix}`
    ])
    process.stdout.write(`${formatTable(rows)}\n`)
  }
})
