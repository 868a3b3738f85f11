import { describe, expect, it } from "vitest"
import { parseGpus } from "../../../src/execute/local/gpus.ts"

const csv = "0, GPU-aaaa-1, 81559, 81000\n1, GPU-bbbb-2, 81559, 100\n"
const MIB = 1024 * 1024

describe("the GPUs of a machine", () => {
  it("are read from the driver's list", () => {
    expect(parseGpus(csv, undefined)).toEqual([
      { device: "GPU-aaaa-1", name: "gpu0", free: 81000 * MIB, total: 81559 * MIB },
      { device: "GPU-bbbb-2", name: "gpu1", free: 100 * MIB, total: 81559 * MIB }
    ])
    expect(parseGpus("", undefined)).toEqual([])
  })

  it("are those that CUDA_VISIBLE_DEVICES leaves, in its order", () => {
    const names = (visible: string): ReadonlyArray<string> => parseGpus(csv, visible).map(({ name }) => name)
    expect(names("1,0")).toEqual(["gpu1", "gpu0"])
    expect(names("GPU-bbbb")).toEqual(["gpu1"])
    expect(names("7")).toEqual([])
    expect(names("-1")).toEqual([])
    expect(names("")).toEqual([])
    expect(names("MIG-1234")).toEqual(["MIG-1234"])
  })
})
