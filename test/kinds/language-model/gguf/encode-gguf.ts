/** Writes GGUF files, for tests: the format as its description has it, without any check. */

type Value =
  | { readonly type: "u32" | "f32" | "i32"; readonly value: number }
  | { readonly type: "u64"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: ReadonlyArray<string> }
  | { readonly type: "f32s" | "i32s"; readonly value: ReadonlyArray<number> }

export interface EncodedTensor {
  readonly name: string
  /** GGML's number of the type. */
  readonly type: number
  /** Outermost axis first. */
  readonly shape: ReadonlyArray<number>
  readonly data: Uint8Array
  /** In place of the right one. */
  readonly offset?: bigint
}

export const text = (value: string): Value => ({ type: "string", value })
export const u32 = (value: number): Value => ({ type: "u32", value })
export const i32 = (value: number): Value => ({ type: "i32", value })
export const f32 = (value: number): Value => ({ type: "f32", value })
export const bool = (value: boolean): Value => ({ type: "bool", value })
export const strings = (value: ReadonlyArray<string>): Value => ({ type: "strings", value })
export const f32s = (value: ReadonlyArray<number>): Value => ({ type: "f32s", value })
export const i32s = (value: ReadonlyArray<number>): Value => ({ type: "i32s", value })

class Bytes {
  readonly parts: Array<number> = []
  number(size: number, write: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(size))
    write(view)
    for (let i = 0; i < size; i++) this.parts.push(view.getUint8(i))
  }
  u32(value: number): void {
    this.number(4, (view) => view.setUint32(0, value, true))
  }
  u64(value: bigint): void {
    this.number(8, (view) => view.setBigUint64(0, value, true))
  }
  f32(value: number): void {
    this.number(4, (view) => view.setFloat32(0, value, true))
  }
  text(value: string): void {
    const bytes = new TextEncoder().encode(value)
    this.u64(BigInt(bytes.length))
    this.parts.push(...bytes)
  }
}

const writeValue = (out: Bytes, value: Value): void => {
  switch (value.type) {
    case "u32":
      out.u32(4)
      return out.u32(value.value)
    case "i32":
      out.u32(5)
      return out.u32(value.value)
    case "f32":
      out.u32(6)
      return out.f32(value.value)
    case "bool":
      out.u32(7)
      out.parts.push(value.value ? 1 : 0)
      return
    case "string":
      out.u32(8)
      return out.text(value.value)
    case "u64":
      out.u32(10)
      return out.u64(value.value)
    case "strings":
      out.u32(9)
      out.u32(8)
      out.u64(BigInt(value.value.length))
      for (const entry of value.value) out.text(entry)
      return
    default:
      out.u32(9)
      out.u32(value.type === "f32s" ? 6 : 5)
      out.u64(BigInt(value.value.length))
      for (const entry of value.value) {
        if (value.type === "f32s") out.f32(entry)
        else out.u32(entry)
      }
  }
}

export const encodeGguf = (
  metadata: ReadonlyArray<readonly [string, Value]>,
  tensors: ReadonlyArray<EncodedTensor>,
  { magic = 0x46554747, version = 3, alignment = 32 } = {}
): Uint8Array => {
  const out = new Bytes()
  out.u32(magic)
  out.u32(version)
  out.u64(BigInt(tensors.length))
  out.u64(BigInt(metadata.length))
  for (const [key, value] of metadata) {
    out.text(key)
    writeValue(out, value)
  }
  let end = 0
  const starts = tensors.map(({ data }) => {
    const start = Math.ceil(end / alignment) * alignment
    end = start + data.length
    return start
  })
  for (const [i, { name, type, shape, offset }] of tensors.entries()) {
    out.text(name)
    out.u32(shape.length)
    for (const n of shape.toReversed()) out.u64(BigInt(n))
    out.u32(type)
    out.u64(offset ?? BigInt(starts[i] as number))
  }
  while (out.parts.length % alignment !== 0) out.parts.push(0)
  const bytes = new Uint8Array(out.parts.length + end)
  bytes.set(out.parts)
  for (const [i, { data }] of tensors.entries()) bytes.set(data, out.parts.length + (starts[i] as number))
  return bytes
}
