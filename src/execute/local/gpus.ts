/** GPUs as NVIDIA's driver lists them, whole or divided into slices (MIG). */

export interface Gpu {
  /** What `CUDA_VISIBLE_DEVICES` takes. */
  readonly device: string
  /** For people: "gpu0"; "gpu0 1g.10gb 2" for a slice. */
  readonly name: string
  /** Bytes; null where the driver does not tell. */
  readonly free: number | null
  readonly total: number | null
  /** A part of a divided GPU: a process can use one. */
  readonly slice: boolean
}

/** A process that has memory of a GPU. */
export interface GpuUser {
  readonly pid: number
  /** Bytes; null where the driver does not tell. */
  readonly bytes: number | null
}

const MIB = 1024 * 1024
const GIB = 1024 * MIB

const mebibytes = (field: string | undefined): number | null => {
  const value = Number(field === "" ? Number.NaN : field)
  return Number.isFinite(value) ? value * MIB : null
}

const rows = (csv: string, fields: number): ReadonlyArray<ReadonlyArray<string>> =>
  csv
    .split("\n")
    .map((line) => line.split(",").map((field) => field.trim()))
    .filter((found) => found.length === fields)

/** `GPU 0: NVIDIA A100 (UUID: GPU-...)`, and below it `  MIG 1g.5gb     Device  0: (UUID: MIG-...)`. */
const slicesIn = (list: string): ReadonlyMap<string, ReadonlyArray<Gpu>> => {
  const slices = new Map<string, Array<Gpu>>()
  let index = ""
  for (const line of list.split("\n")) {
    index = /^GPU (\d+):/.exec(line)?.[1] ?? index
    const found = /^\s+MIG (\S+)\s+Device\s+(\d+): \(UUID: ([^)]+)\)/.exec(line)
    if (found === null) continue
    const [, profile = "", number = "", device = ""] = found
    const size = /(\d+)gb/.exec(profile)?.[1]
    const slice: Gpu = {
      device,
      name: `gpu${index} ${profile} ${number}`,
      free: null,
      // Of a slice only its size is told, in its name.
      total: size === undefined ? null : Number(size) * GIB,
      slice: true
    }
    slices.set(`gpu${index}`, [...(slices.get(`gpu${index}`) ?? []), slice])
  }
  return slices
}

/**
 * Lowest first. Of a divided GPU its slices: CUDA does not give it as a whole.
 *
 * @param csv what nvidia-smi prints for index, uuid, memory.total, memory.free in MiB
 * @param list what `nvidia-smi -L` prints
 */
export const parseGpus = (csv: string, list = ""): ReadonlyArray<Gpu> => {
  const slices = slicesIn(list)
  return rows(csv, 4).flatMap(([index = "", device = "", total, free]): ReadonlyArray<Gpu> => {
    const name = `gpu${index}`
    return slices.get(name) ?? [{ device, name, free: mebibytes(free), total: mebibytes(total), slice: false }]
  })
}

/** @param csv what nvidia-smi prints for gpu_uuid, pid, used_memory in MiB */
export const parseUsers = (csv: string, device: string): ReadonlyArray<GpuUser> =>
  rows(csv, 3)
    .filter(([uuid, pid]) => uuid === device && Number.isInteger(Number(pid)))
    .map(([, pid, used]): GpuUser => ({ pid: Number(pid), bytes: mebibytes(used) }))
    .toSorted((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0))

/**
 * As CUDA reads it: indices, the beginnings of UUIDs, slices; nothing that stands behind an entry that names none.
 *
 * @param visible `CUDA_VISIBLE_DEVICES` as found; undefined leaves all
 */
export const visibleGpus = (all: ReadonlyArray<Gpu>, visible: string | undefined): ReadonlyArray<Gpu> => {
  if (visible === undefined) return all
  const chosen: Array<Gpu> = []
  for (const entry of visible.split(",").map((text) => text.trim())) {
    const named = /^\d+$/.test(entry)
      ? all.find(({ name }) => name === `gpu${entry}` || name.startsWith(`gpu${entry} `))
      : all.find(({ device }) => entry !== "" && device.startsWith(entry))
    // A slice that an older driver lists nowhere.
    const unlisted = entry.startsWith("MIG-")
      ? { device: entry, name: entry, free: null, total: null, slice: true }
      : undefined
    const gpu = named ?? unlisted
    if (gpu === undefined) break
    if (!chosen.some(({ device }) => device === gpu.device)) chosen.push(gpu)
  }
  return chosen
}

/** "7.5 GiB", "80 GiB". */
export const gibibytes = (bytes: number): string => {
  const value = bytes / GIB
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : value.toFixed(0)} GiB`
}
