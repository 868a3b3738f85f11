import { expect, it } from "vitest"
import { deviceMemoryLack } from "../../../src/execute/worker/device-memory.ts"

it.each([
  [
    "OOM when allocating tensor with shape[32768,16384] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc",
    "2.00 GiB"
  ],
  [
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB. GPU 0 has a total capacity of 79.15 GiB",
    "20.0 MiB"
  ],
  [
    "jaxlib.XlaRuntimeError: RESOURCE_EXHAUSTED: Out of memory while trying to allocate 34359738368 bytes.",
    "32.00 GiB"
  ],
  ["CUDA_ERROR_OUT_OF_MEMORY: out of memory", undefined],
  ["RuntimeError: CUDA error: out of memory", undefined]
])("knows what a library says of a GPU that is full: %s", (said, wanted) => {
  const told = deviceMemoryLack(`\`python train.py\` ended with code 1\n${said}`)
  expect(told).toContain("the GPU ran out of memory")
  if (wanted === undefined) expect(told).not.toContain("wanted")
  else expect(told).toContain(`it wanted ${wanted} more`)
})

it.each([
  "OOM when allocating tensor with shape[9,9] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu",
  "java.lang.OutOfMemoryError: heap",
  "the loss is NaN"
])("takes no other failure for one: %s", (said) => expect(deviceMemoryLack(said)).toBeUndefined())
