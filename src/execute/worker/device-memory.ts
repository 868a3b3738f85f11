/**
 * Whether a failure is that of a GPU whose memory did not suffice, told by what the libraries say: TensorFlow, PyTorch, JAX,
 * CUDA itself. A program of the user's says it in the last lines of its output.
 */

const UNITS: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  double: 8,
  float: 4,
  half: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  bool: 1
}

/** TensorFlow's also speaks of its CPU's memory in these words: the device tells them apart. */
const OF_TENSOR = /OOM when allocating tensor with shape\[([\d,]*)\] and type (\w+) on \S*device:GPU/
const OF_BYTES = /(?:RESOURCE_EXHAUSTED|Out of memory)[^\n]*?allocat\w+ (\d+) bytes/i
const OF_PYTORCH = /CUDA out of memory\. Tried to allocate ([\d.]+) ([KMGT]?i?B)/
const ANY =
  /CUDA_ERROR_OUT_OF_MEMORY|cudaErrorMemoryAllocation|CUDA out of memory|CUDA error: out of memory|OutOfMemoryError: CUDA|device:GPU:\d+ by allocator|Dst tensor is not initialized|RESOURCE_EXHAUSTED: Out of memory/

const bytesOf = (text: string): number | undefined => {
  const tensor = OF_TENSOR.exec(text)
  if (tensor !== null) {
    const [, shape = "", type = ""] = tensor
    const size = ELEMENT_BYTES[type]
    const numbers = shape === "" ? [] : shape.split(",").map(Number)
    return size === undefined ? undefined : numbers.reduce((product, n) => product * n, size)
  }
  const pytorch = OF_PYTORCH.exec(text)
  const unit = UNITS[pytorch?.[2] ?? ""]
  if (pytorch !== null && unit !== undefined) return Number(pytorch[1]) * unit
  const bytes = OF_BYTES.exec(text)
  return bytes === null ? undefined : Number(bytes[1])
}

const amount = (bytes: number): string =>
  bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(2)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`

/** What was wanted, and what to do, in words; undefined where it is another failure. */
export const deviceMemoryLack = (problem: string): string | undefined => {
  if (!ANY.test(problem) && !OF_TENSOR.test(problem)) return undefined
  const bytes = bytesOf(problem)
  const wanted = bytes === undefined ? "" : `: it wanted ${amount(bytes)} more`
  return `the GPU ran out of memory${wanted}\n  Ask for more (resources: { vram: ... }), or make the stage smaller; with retries it is tried again with more.`
}
