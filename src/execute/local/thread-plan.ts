/**
 * How stages that multiply matrices share the CPUs. The number of threads of an operation decides the order in which it
 * adds, so it is fixed for the machine and never depends on what else runs: the same key gives the same bytes. But between
 * its products a stage keeps one thread busy (of two CPUs those of the quickstart keep 1.2 busy, and only training and the model's
 * passes more than 1.4), so that it is counted as half of its threads, and another one runs beside it.
 */
import { availableParallelism } from "node:os"
import type { EngineName } from "../../tensor/engine-info.ts"

export interface ThreadPlan {
  /** Pinned for every stage. */
  readonly threads: number
  /** CPUs that a stage is counted as. */
  readonly cpus: number
  /** Stages side by side whose threads have a CPU each: instances that could share a pass are done in no more of them. */
  readonly slots: number
}

/** One product of the sizes that SAEs have does not use more threads well. */
const MOST_THREADS = 8

/**
 * @param cpus that this process may use
 * @param wanted `PIPELINE_THREADS`, where a person has set it
 */
export const threadPlan = (engine: EngineName, cpus: number, wanted?: number): ThreadPlan => {
  // wasm computes in one thread: as many stages as there are CPUs.
  if (engine === "wasm") return { threads: 1, cpus: 1, slots: cpus }
  // One stage at a time has the GPU.
  if (engine === "webgpu") return { threads: 1, cpus: 1, slots: 1 }
  const threads = wanted ?? Math.min(cpus, MOST_THREADS)
  return { threads, cpus: Math.ceil(threads / 2), slots: Math.max(1, Math.floor(cpus / threads)) }
}

export const machineThreadPlan = (engine: EngineName): ThreadPlan => {
  const wanted = Number(process.env["PIPELINE_THREADS"] || Number.NaN)
  return threadPlan(engine, availableParallelism(), Number.isInteger(wanted) && wanted > 0 ? wanted : undefined)
}
