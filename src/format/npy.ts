/**
 * numpy's .npy arrays of floats. Source: numpy.lib.format, versions 1 to 3 of the format.
 */
import { fromFloat16 } from "./half-float.ts"

export interface NpyArray {
  readonly shape: ReadonlyArray<number>
  readonly dtype: "float32" | "float16" | "float64"
  /** Row-major; f64 rounded to f32. */
  readonly values: Float32Array<ArrayBuffer>
}

const dtypes = { "<f4": ["float32", 4], "<f2": ["float16", 2], "<f8": ["float64", 8] } as const

const magic = "\u0093NUMPY"

const headerPattern = /^\{'descr': '([^']*)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*\d*)\),? \}\s*$/

/**
 * The array, or the reason why it cannot be read.
 *
 * @example
 * ```ts
 * import { decodeNpy, encodeNpy } from "sae-pipeline/formats"
 *
 * decodeNpy(encodeNpy([2, 1], Float32Array.of(1, 2))) // => { shape: [2, 1], dtype: "float32", values: Float32Array.of(1, 2) }
 * decodeNpy(new Uint8Array(3)) // => "it is no .npy array"
 * ```
 */
export const decodeNpy = (bytes: Uint8Array<ArrayBuffer>): NpyArray | string => {
  if (bytes.length < 12 || String.fromCharCode(...bytes.subarray(0, 6)) !== magic) return "it is no .npy array"
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const wide = (bytes[6] as number) >= 2
  const start = wide ? 12 : 10
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true)
  if (start + length > bytes.length) return "its header is beyond the file"
  const header = headerPattern.exec(new TextDecoder().decode(bytes.subarray(start, start + length)))
  if (header === null) return "its header is not that of a plain array"
  const [, descr, order, sizes] = header as unknown as [string, string, string, string]
  if (!Object.hasOwn(dtypes, descr)) return `its dtype is ${descr}; ${Object.keys(dtypes).join(", ")} can be read`
  const [dtype, width] = dtypes[descr as keyof typeof dtypes]
  const shape = sizes
    .split(",")
    .filter((text) => text.trim() !== "")
    .map(Number)
  const count = shape.reduce((product, n) => product * n, 1)
  if (start + length + count * width !== bytes.length) {
    return `an array [${shape.join(", ")}] of ${descr} does not fit its ${bytes.length - start - length} bytes`
  }
  // Not `slice`, which of a Buffer of Node makes no copy.
  const body = new Uint8Array(bytes.subarray(start + length)).buffer
  const stored =
    dtype === "float32"
      ? new Float32Array(body)
      : dtype === "float16"
        ? fromFloat16(new Uint16Array(body))
        : Float32Array.from(new Float64Array(body))
  if (order === "False" || shape.length < 2) return { shape, dtype, values: stored }
  if (shape.length > 2) return "it is in Fortran order and has more than two axes"
  const [rows, columns] = shape as [number, number]
  const values = new Float32Array(count)
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) values[i * columns + j] = stored[j * rows + i] as number
  }
  return { shape, dtype, values }
}

/** The bytes that numpy writes for an f32 array, its header padded to a multiple of 64. */
export const encodeNpy = (shape: ReadonlyArray<number>, values: Float32Array): Uint8Array<ArrayBuffer> => {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(", ")
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${tuple}), }`
  // numpy leaves room for the first axis to grow to 21 digits, then pads by 1 to 64 bytes to a multiple of 64.
  const least = 10 + text.length + Math.max(0, 21 - String(shape[0]).length) + 1
  const headerBytes = (Math.floor(least / 64) + 1) * 64 - 10
  const header = `${text.padEnd(headerBytes - 1)}\n`
  const result = new Uint8Array(10 + headerBytes + values.byteLength)
  for (let i = 0; i < magic.length; i++) result[i] = magic.charCodeAt(i)
  result[6] = 1
  new DataView(result.buffer).setUint16(8, headerBytes, true)
  result.set(new TextEncoder().encode(header), 10)
  result.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 10 + headerBytes)
  return result
}
