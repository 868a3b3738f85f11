/** Probes of several layers of a model, in the order of the layers. */
import type { ProbingFile, SparseProbe } from "../../kinds/probing.ts"

export interface LayerProbes {
  readonly layer: number
  readonly probing: ProbingFile
}

/** Undefined: the hook is of no block. */
export const hookLayer = (hook: string): number | undefined => {
  const found = /^blocks\.(\d+)\./.exec(hook)?.[1]
  return found === undefined ? undefined : Number(found)
}

export interface ProbedF1 {
  readonly value: number
  readonly low?: number
  readonly high?: number
}

/** Latents are what a figure without another name is of: `f1_k1`, `f1_basis_k1`. */
const f1Name = (of: SparseProbe["features"], k: number): string => (of === "latents" ? `f1_k${k}` : `f1_${of}_k${k}`)

/** Mean over tasks; undefined where no probe has that many features. */
export const meanF1 = (
  { means = {}, intervals = {} }: ProbingFile,
  of: SparseProbe["features"],
  k: number
): ProbedF1 | undefined => {
  const value = means[f1Name(of, k)]
  return value === undefined ? undefined : { value, ...intervals[f1Name(of, k)] }
}

/** Of one task. */
export const taskF1 = (
  { tasks }: ProbingFile,
  name: string,
  of: SparseProbe["features"],
  k: number
): ProbedF1 | undefined => {
  const task = tasks.find((each) => each.name === name)
  const probe = task?.probes.find((each) => each.features === of && each.k === k)
  return task === undefined || probe === undefined ? undefined : { value: probe.f1, ...task.intervals[f1Name(of, k)] }
}

/** The first of the layers whose `k` features tell most. */
export const bestLayer = (
  layers: ReadonlyArray<LayerProbes>,
  of: SparseProbe["features"],
  k: number
): LayerProbes | undefined =>
  layers.reduce<LayerProbes | undefined>((best, each) => {
    const [own, other] = [meanF1(each.probing, of, k), best && meanF1(best.probing, of, k)]
    return own !== undefined && (other === undefined || own.value > other.value) ? each : best
  }, undefined)
