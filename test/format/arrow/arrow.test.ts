import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as arrow from "apache-arrow"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { openArrow } from "../../../src/format/arrow/arrow-reader.ts"
import { isAsWritten } from "../../../src/format/arrow/arrow-file-state.ts"
import { openArrowWriter } from "../../../src/format/arrow/arrow-writer.ts"
import { bytesFile } from "../../../src/artifact/bytes-file.ts"
import { folderWriter, temporaryDirectory } from "../../artifact/folder-artifact.ts"

const columns = { x: { type: "f32", list: 3 }, id: { type: "i32" }, weight: { type: "f64" } } as const

const write = Effect.fn(function* (batches: ReadonlyArray<number>, metadata: Readonly<Record<string, string>> = {}) {
  const directory = yield* temporaryDirectory
  const writer = yield* openArrowWriter(folderWriter(directory), "a.arrow", columns, { metadata })
  let next = 0
  for (const rows of batches) {
    yield* writer.append(rows, {
      x: Float32Array.from({ length: 3 * rows }, (_, i) => 3 * next + i),
      id: Int32Array.from({ length: rows }, (_, i) => next + i),
      weight: Float64Array.from({ length: rows }, (_, i) => (next + i) / 7)
    })
    next += rows
  }
  yield* writer.close
  return new Uint8Array(readFileSync(join(directory, "a.arrow")))
})

const open = (bytes: Uint8Array) => openArrow(bytesFile(bytes), columns, "a.arrow")
const whyNot = (bytes: Uint8Array) => Effect.map(Effect.flip(open(bytes)), (error) => error.message)

describe("Arrow files", () => {
  it("what is written batch by batch is read batch by batch, and by Arrow's own reader", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 5 }), (batches) =>
        Effect.runPromise(
          Effect.scoped(
            Effect.gen(function* () {
              const bytes = yield* write(batches, { hook: "h" })
              const reader = yield* open(bytes)
              expect(reader.batches).toBe(batches.length)
              expect(reader.metadata.get("hook")).toBe("h")
              let next = 0
              for (const [index, rows] of batches.entries()) {
                const batch = yield* reader.readBatch(index)
                expect(batch.rows).toBe(rows)
                expect([...batch.values.x]).toEqual(Array.from({ length: 3 * rows }, (_, i) => 3 * next + i))
                expect([...batch.values.id]).toEqual(Array.from({ length: rows }, (_, i) => next + i))
                expect(batch.values.weight[0]).toBe(next / 7)
                next += rows
              }
              if (batches.length === 0) return
              const table = arrow.tableFromIPC(bytes)
              expect(table.numRows).toBe(next)
              expect(Array.from((table.getChild("x") as arrow.Vector).get(next - 1) as Iterable<number>)).toEqual(
                [0, 1, 2].map((i) => 3 * (next - 1) + i)
              )
            })
          )
        )
      ),
      { numRuns: 25 }
    ))

  it.effect("of any one column, the last thing in its footer, is read", () =>
    Effect.gen(function* () {
      const arrays = {
        f32: new Float32Array(6),
        f64: new Float64Array(6),
        i32: new Int32Array(6),
        f16: new Uint16Array(6),
        u16: new Uint16Array(6)
      }
      for (const type of Object.keys(arrays) as ReadonlyArray<keyof typeof arrays>) {
        for (const list of [undefined, 2]) {
          const columns = { y: { type, ...(list === undefined ? {} : { list }) } }
          const directory = yield* temporaryDirectory
          yield* Effect.scoped(
            Effect.gen(function* () {
              const writer = yield* openArrowWriter(folderWriter(directory), "y.arrow", columns)
              yield* writer.append(6 / (list ?? 1), { y: arrays[type] })
              yield* writer.close
            })
          )
          const bytes = new Uint8Array(readFileSync(join(directory, "y.arrow")))
          const reader = yield* openArrow(bytesFile(bytes), columns, "y.arrow")
          expect((yield* reader.readBatch(0)).values.y, `${type} ${list}`).toEqual(arrays[type])
        }
      }
    })
  )

  it.effect("columns are views on the bytes that were read: nothing is copied", () =>
    Effect.gen(function* () {
      const { values } = yield* (yield* open(yield* write([5]))).readBatch(0)
      expect(values.x.buffer).toBe(values.id.buffer)
    })
  )

  it.effect("one that was begun goes on to the same bytes, and is known not to be as written by any bit", () =>
    Effect.gen(function* () {
      const whole = yield* write([4, 3, 2])
      const directory = yield* temporaryDirectory
      const file = join(directory, "begun")
      const rows = (first: number, n: number) => ({
        x: Float32Array.from({ length: 3 * n }, (_, i) => 3 * first + i),
        id: Int32Array.from({ length: n }, (_, i) => first + i),
        weight: Float64Array.from({ length: n }, (_, i) => (first + i) / 7)
      })
      const begun = yield* openArrowWriter(folderWriter(directory), "a.arrow", columns, { file })
      yield* begun.append(4, rows(0, 4))
      const first = begun.state()
      yield* begun.append(3, rows(4, 3))
      const second = begun.state()
      yield* begun.append(5, rows(0, 5))
      yield* begun.sync
      const bytes = readFileSync(file)
      for (const state of [first, second]) {
        expect(yield* Effect.promise(() => isAsWritten(file, state))).toBe(true)
        for (let bit = 3; bit < 8 * bytes.length; bit += 8 * 17 + 1) {
          const flipped = Uint8Array.from(bytes)
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
          writeFileSync(file, flipped)
          const counts = bit >> 3 < state.position
          expect(yield* Effect.promise(() => isAsWritten(file, state)), `bit ${bit}`).toBe(!counts)
        }
        writeFileSync(file, bytes)
      }
      const other = yield* openArrowWriter(folderWriter(directory), "a.arrow", columns, { file, from: second })
      yield* other.append(2, rows(7, 2))
      yield* other.close
      expect(readFileSync(file).equals(whole)).toBe(true)
      writeFileSync(file, bytes.subarray(0, second.position - 1))
      expect(yield* Effect.promise(() => isAsWritten(file, second))).toBe(false)
    })
  )

  it.effect("a file cut anywhere is refused", () =>
    Effect.gen(function* () {
      const bytes = yield* write([4, 4, 2])
      for (let length = 0; length < bytes.length; length += 1) {
        expect(yield* whyNot(bytes.subarray(0, length))).toMatch(/no Arrow IPC file|cut off|cannot be decoded/)
      }
    })
  )

  it.effect("a stream, another column type, a missing column and a missing batch are refused", () =>
    Effect.gen(function* () {
      const table = arrow.tableFromArrays({ id: Int32Array.of(1, 2, 3) })
      expect(yield* whyNot(arrow.tableToIPC(table, "stream"))).toContain("no Arrow IPC file")
      expect(yield* whyNot(arrow.tableToIPC(table, "file"))).toContain("no column x")
      const wrong = openArrow(bytesFile(yield* write([1])), { id: { type: "f32" } }, "a.arrow")
      expect((yield* Effect.flip(wrong)).message).toContain("column id is Int32, not Float32")
      const reader = yield* open(yield* write([1]))
      expect((yield* Effect.flip(reader.readBatch(1))).message).toContain("no record batch 1 of 1")
    })
  )

  it.effect("a file from another writer, with nulls allowed and one more column, is read", () =>
    Effect.gen(function* () {
      const table = arrow.tableFromArrays({ more: ["a", "b"], id: Int32Array.of(4, 5), weight: Float64Array.of(1, 2) })
      const reader = yield* openArrow(
        bytesFile(arrow.tableToIPC(table, "file")),
        { id: { type: "i32" }, weight: { type: "f64" } },
        "a.arrow"
      )
      const { rows, values } = yield* reader.readBatch(0)
      expect([rows, ...values.id, ...values.weight]).toEqual([2, 4, 5, 1, 2])
    })
  )

  it.effect("a batch whose arrays do not have its rows is a programmer's error, not a file", () =>
    Effect.gen(function* () {
      const writer = yield* openArrowWriter(folderWriter(yield* temporaryDirectory), "a.arrow", columns)
      const wrong = writer.append(2, { x: new Float32Array(5), id: new Int32Array(2), weight: new Float64Array(2) })
      expect(String(yield* Effect.sandbox(wrong).pipe(Effect.flip))).toContain("5 numbers for 2 rows of 3")
    })
  )
})
