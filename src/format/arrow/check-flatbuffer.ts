/**
 * Checks the flatbuffers of an Arrow file against their own bytes before anything reads them: every offset leads within
 * them, every vector ends within them, nothing is nested without end. A library that trusts a damaged length reads for minutes
 * or fills the memory.
 *
 * Source: FlatBuffers "Internals"; Arrow `format/File.fbs`, `Message.fbs`, `Schema.fbs`.
 */

/** What stands at a field of a table; the place of a field in the list is its number. */
type Field =
  | { readonly kind: "scalar"; readonly bytes: number }
  | { readonly kind: "string" }
  /** Of numbers or structs of N bytes. */
  | { readonly kind: "vector"; readonly bytes: number }
  | { readonly kind: "table" | "tables"; readonly of: () => Table }
  /** Which table it is the field before says. */
  | { readonly kind: "union"; readonly of: (type: number) => Table | undefined }
type Table = ReadonlyArray<Field>

const scalar = (bytes: number): Field => ({ kind: "scalar", bytes })
const string: Field = { kind: "string" }
const vector = (bytes: number): Field => ({ kind: "vector", bytes })
const table = (of: () => Table): Field => ({ kind: "table", of })
const tables = (of: () => Table): Field => ({ kind: "tables", of })

const keyValue: Table = [string, string]
const metadata = tables(() => keyValue)
const int: Table = [scalar(4), scalar(1)]

const TIMESTAMP = 10
const UNION = 14
/** All other types have scalars alone, of a byte at least. */
const scalars: Table = [scalar(1), scalar(1), scalar(1)]
const typeTables: Readonly<Record<number, Table>> = {
  [TIMESTAMP]: [scalar(2), string],
  [UNION]: [scalar(2), vector(4)]
}

const dictionaryEncoding: Table = [scalar(8), table(() => int), scalar(1), scalar(2)]
const field: Table = [
  string,
  scalar(1),
  scalar(1),
  { kind: "union", of: (type) => typeTables[type] ?? scalars },
  table(() => dictionaryEncoding),
  tables(() => field),
  metadata
]
const schema: Table = [scalar(2), tables(() => field), metadata, vector(8)]
const recordBatch: Table = [scalar(8), vector(16), vector(16), table(() => [scalar(1), scalar(1)]), vector(8)]
const dictionaryBatch: Table = [scalar(8), table(() => recordBatch), scalar(1)]
const headers: Readonly<Record<number, Table>> = { 1: schema, 2: dictionaryBatch, 3: recordBatch }
const message: Table = [scalar(2), scalar(1), { kind: "union", of: (type) => headers[type] }, scalar(8), metadata]
const footer: Table = [scalar(2), table(() => schema), vector(24), vector(24), metadata]

const roots = { message, footer }

/** Structures inside of each other: lists of lists of lists. */
const MOST_DEPTH = 64

class Wrong extends Error {}

const check = (bytes: Uint8Array, root: Table): void => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Tables may be shared: as many as the bytes could hold one by one are looked at, not each way to each of them.
  let left = bytes.length
  const within = (at: number, count: number): number => {
    if (at < 0 || count < 0 || at + count > bytes.length) throw new Wrong(`an offset leads out of it, from byte ${at}`)
    return at
  }
  const u32 = (at: number): number => view.getUint32(within(at, 4), true)
  const target = (at: number): number => within(at + u32(at), 4)
  const checkVector = (at: number, each: number): number => {
    const count = u32(at)
    within(at + 4, count * each)
    return count
  }
  const checkTable = (at: number, fields: Table, depth: number): void => {
    if (depth > MOST_DEPTH || --left < 0) throw new Wrong("it is nested without end")
    const layout = within(at - view.getInt32(within(at, 4), true), 4)
    const known = view.getUint16(layout, true)
    within(layout, known)
    const placeOf = (number: number): number => {
      const entry = 4 + 2 * number
      const offset = entry + 2 <= known ? view.getUint16(layout + entry, true) : 0
      return offset === 0 ? 0 : at + offset
    }
    for (const [number, one] of fields.entries()) {
      const place = placeOf(number)
      if (place === 0) continue
      switch (one.kind) {
        case "scalar":
          within(place, one.bytes)
          break
        case "string":
          checkVector(target(place), 1)
          break
        case "vector":
          checkVector(target(place), one.bytes)
          break
        case "table":
          checkTable(target(place), one.of(), depth + 1)
          break
        case "tables": {
          const start = target(place)
          const count = checkVector(start, 4)
          for (let i = 0; i < count; i++) checkTable(target(start + 4 + 4 * i), one.of(), depth + 1)
          break
        }
        case "union": {
          const type = placeOf(number - 1)
          const of = one.of(type === 0 ? 0 : view.getUint8(within(type, 1)))
          if (of !== undefined) checkTable(target(place), of, depth + 1)
        }
      }
    }
  }
  checkTable(target(0), root, 0)
}

/** What is wrong with the bytes of a message or a footer, where something is. */
export const flatbufferProblem = (bytes: Uint8Array, root: keyof typeof roots): string | undefined => {
  try {
    check(bytes, roots[root])
    return undefined
  } catch (error) {
    if (error instanceof Wrong) return error.message
    throw error
  }
}
