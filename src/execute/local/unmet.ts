/** What stages ask for and this machine does not have, however long they waited. */
import type { Resources } from "../../stage/resources.ts"
import { sizesApart } from "../../words/size-text.ts"
import type { Unmet } from "../executor.ts"
import { type Gpu, gibibytes } from "./gpus.ts"

type Found = Omit<Unmet, "id">

const list = (gpus: ReadonlyArray<Gpu>): string =>
  gpus.map(({ name, total }) => (total === null ? name : `${name} with ${gibibytes(total)}`)).join(", ")

/** None where there is no GPU at all: then the stage computes on the CPU, which is said. */
export const unmetGpus = (gpus: ReadonlyArray<Gpu>, { gpu = 0, vram = 0 }: Resources): ReadonlyArray<Found> => {
  if (gpu === 0 || gpus.length === 0) return []
  const visible = process.env["CUDA_VISIBLE_DEVICES"] === undefined ? "this machine has" : "CUDA_VISIBLE_DEVICES leaves"
  if (gpu > gpus.length) {
    return [{ resource: "gpu", problem: `${gpu} GPUs are asked for; ${visible} ${gpus.length} (${list(gpus)})` }]
  }
  const whole = gpus.filter(({ slice }) => !slice)
  if (gpu > 1 && gpu > whole.length) {
    const problem = `${gpu} GPUs are asked for, and a process can use one slice of a divided GPU (${list(gpus)})`
    return [{ resource: "gpu", problem }]
  }
  const large = (gpu > 1 ? whole : gpus).filter(({ total }) => total === null || total >= vram)
  if (large.length >= gpu) return []
  const many = gpu === 1 ? "no GPU has" : `fewer than ${gpu} GPUs have`
  return [{ resource: "vram", problem: `${gibibytes(vram)} are asked for, and ${many} as much (${list(gpus)})` }]
}

/** What a machine has, as far as it is counted. */
export interface Capacity {
  readonly cpu: number
  /** Bytes. */
  readonly memory: number
  /** Bytes that are free where the store is. */
  readonly disk: number
}

export const unmetBudgets = (capacity: Capacity, resources: Resources): ReadonlyArray<Found> => {
  const { cpu = 0, memory = 0, disk = 0 } = resources
  const found: Array<Found> = []
  if (cpu > capacity.cpu) {
    found.push({ resource: "cpu", problem: `${cpu} CPUs are asked for; this process may use ${capacity.cpu}` })
  }
  if (memory > capacity.memory) {
    const [asked, there] = sizesApart(memory, capacity.memory)
    const most = `this machine gives us ${there}`
    found.push({ resource: "memory", problem: `${asked} are asked for; ${most}`, most })
  }
  if (disk > capacity.disk) {
    const [asked, there] = sizesApart(disk, capacity.disk)
    const problem = `${asked} are asked for; ${there} are free on the store's disk`
    found.push({ resource: "disk", problem })
  }
  return found
}
