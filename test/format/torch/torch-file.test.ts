import { readFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect } from "vitest"
import { bytesFile } from "../../../src/artifact/bytes-file.ts"
import { encodeTorchFile, isTensor, openTorchFile } from "../../../src/format/torch/torch-file.ts"
import { decodeTorchPickle } from "../../../src/format/torch/torch-pickle.ts"
import type { PickledTensor } from "../../../src/format/torch/pickled-values.ts"
import { encodeZip } from "../../../src/format/zip.ts"
import { smallSaesRoot } from "../../kinds/sae/formats/small-saes.ts"

const open = (bytes: Uint8Array) => Effect.scoped(openTorchFile(bytesFile(bytes, "ae.pt"), "ae.pt"))

/** Pickle bytes from opcode letters and text: `c` lines as they are, `\x..` escapes. */
const pickle = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

const archive = (data: Uint8Array, more: ReadonlyArray<{ name: string; bytes: Uint8Array }> = []) =>
  encodeZip([{ name: "ae/data.pkl", bytes: data }, ...more], {
    align: 64,
    date: 0,
    zip64: false,
    madeBy: 0,
    attributes: 0
  })

const unicode = (text: string): string => `X${String.fromCharCode(text.length)}\0\0\0${text}`

/** A tensor of `count` floats in storage 0 with this shape, strides and offset. */
const tensorPickle = (count: number, shape: ReadonlyArray<number>, stride: ReadonlyArray<number>, offset = 0) => {
  const integer = (n: number) => `J${String.fromCharCode(n & 255, (n >> 8) & 255, (n >> 16) & 255, (n >> 24) & 255)}`
  // As Python writes them: tuples of up to three items without a mark.
  const tuple = (items: ReadonlyArray<number>) => {
    const short = ["", "\x85", "\x86", "\x87"][items.length]
    return short ? `${items.map(integer).join("")}${short}` : `(${items.map(integer).join("")}t`
  }
  const storage = `(${unicode("storage")}ctorch\nFloatStorage\n${unicode("0")}${unicode("cpu")}${integer(count)}tQ`
  return pickle(
    `\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(${storage}${integer(offset)}${tuple(shape)}${tuple(stride)}` +
      `\x89ccollections\nOrderedDict\n)RtR.`
  )
}

const refusal = (data: Uint8Array): string => {
  const decoded = decodeTorchPickle(data)
  return "refused" in decoded ? decoded.refused : `not refused: ${JSON.stringify(decoded.value)}`
}

describe("PyTorch files", () => {
  it("a pickle that would run a program is refused by name, and nothing is run", () => {
    for (const [data, reason] of [
      // os.system("echo"), the classic.
      [pickle("\x80\x02cos\nsystem\n(X\x04\0\0\0echotR."), /it names os\.system, which is no part/],
      [pickle(`\x80\x04${"\x8c\x08builtins"}${"\x8c\x04eval"}\x93(tR.`), /it names builtins\.eval/],
      [pickle("\x80\x02ctorch.storage\n_load_from_bytes\n(tR."), /torch\.storage\._load_from_bytes/],
      [pickle("\x80\x02(X\x01\0\0\0aios\nsystem\n."), /opcode INST/],
      [pickle("\x80\x02(cos\nsystem\no."), /it names os\.system/],
      [pickle("\x80\x02ccollections\nOrderedDict\n)\x81."), /opcode NEWOBJ/],
      [pickle("\x80\x02ccollections\nOrderedDict\nX\x01\0\0\0a\x85R."), /made from arguments/],
      [pickle("\x80\x02X\x01\0\0\0aQ."), /no storage/],
      [pickle("\x80\x02\x82\x01."), /opcode EXT1/],
      [pickle("\x80\x02ccollections\nOrderedDict\n."), /a name that is no value/],
      [pickle("\x80\x02}}b"), /ends in the middle/],
      [pickle("\x80\x09."), /newer than 5/]
    ] as const) {
      expect(refusal(data)).toMatch(reason)
    }
  })

  it("whole numbers are read to 2^53, and refused beyond", () => {
    const long = (...bytes: ReadonlyArray<number>) =>
      pickle(`\x80\x02\x8a${String.fromCharCode(bytes.length, ...bytes)}.`)
    expect(decodeTorchPickle(long())).toMatchObject({ value: 0 })
    expect(decodeTorchPickle(long(0xff))).toMatchObject({ value: -1 })
    expect(decodeTorchPickle(long(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f))).toMatchObject({ value: 2 ** 53 - 1 })
    expect(refusal(long(0, 0, 0, 0, 0, 0, 0x20))).toMatch(/beyond 2\^53/)
    expect(refusal(long(1, 0, 0, 0, 0, 0, 0, 0, 0))).toMatch(/more than 64 bits/)
  })

  it("lists that hold themselves, nesting and repetition come to an end", () => {
    // l = []; l.append(l)
    expect(refusal(pickle("\x80\x02]q\0h\0a."))).toMatch(/nested too deeply/)
    expect(refusal(pickle(`\x80\x02${"(".repeat(2000)}.`))).toMatch(/nested too deeply/)
    // Ten lists, each holding the one before ten times: 10^10 values.
    let bomb = "\x80\x02]q\0"
    for (let i = 1; i <= 10; i++) bomb += `](${`h${String.fromCharCode(i - 1)}`.repeat(10)}eq${String.fromCharCode(i)}`
    expect(refusal(pickle(`${bomb}.`))).toMatch(/nested too deeply/)
  })

  it("tensors beyond their storage, and endless ones, are refused before anything is allocated", () => {
    for (const [shape, stride, offset] of [
      [[5], [1], 0],
      [[2], [1], 3],
      [[2, 2], [3, 1], 1],
      [[2 ** 30, 2 ** 30], [0, 0], 0],
      [[2, 2], [1], 0]
    ] as const) {
      expect(refusal(tensorPickle(4, shape, stride, offset))).toMatch(/beyond its storage|do not fit/)
    }
    expect(refusal(tensorPickle(4, [-1], [1]))).toMatch(/wrong arguments/)
  })

  it.effect("transposed and offset tensors are gathered by their strides", () =>
    Effect.gen(function* () {
      const bytes = new Uint8Array(Float32Array.of(9, 1, 2, 3, 4, 5, 6).buffer)
      for (const [shape, stride, expected] of [
        [
          [2, 3],
          [3, 1],
          [1, 2, 3, 4, 5, 6]
        ],
        [
          [3, 2],
          [1, 3],
          [1, 4, 2, 5, 3, 6]
        ],
        [
          [2, 1, 2],
          [3, 3, 2],
          [1, 3, 4, 6]
        ]
      ] as const) {
        const file = yield* open(archive(tensorPickle(7, shape, stride, 1), [{ name: "ae/data/0", bytes }]))
        expect([...(yield* file.float32(file.value as PickledTensor))]).toEqual(expected)
      }
    })
  )

  it.effect("what is written is read back", () =>
    Effect.gen(function* () {
      const written = encodeTorchFile("ae", [
        ["w", { dtype: "F32", shape: [2, 2], values: [1.5, -2, 3, 0.1] }],
        ["k", { dtype: "I32", shape: [], values: [70000] }],
        ["sizes", { dtype: "I64", shape: [3], values: [1, 2, 2 ** 40] }],
        ["name", "TopK"],
        [
          "state",
          [
            ["k", 300],
            ["big", 2 ** 35],
            ["negative", -5]
          ]
        ]
      ])
      const file = yield* open(written)
      const value = file.value as ReadonlyMap<string, never>
      expect([...value.keys()]).toEqual(["w", "k", "sizes", "name", "state"])
      expect(value.get("name")).toBe("TopK")
      expect([...(value.get("state") as unknown as Map<string, number>)]).toEqual([
        ["k", 300],
        ["big", 2 ** 35],
        ["negative", -5]
      ])
      const tensor = (name: string): PickledTensor => {
        const found = value.get(name)
        if (!isTensor(found)) throw new Error(name)
        return found
      }
      expect(yield* file.float32(tensor("w"))).toEqual(Float32Array.of(1.5, -2, 3, 0.1))
      expect(yield* file.integers(tensor("k"))).toEqual([70000])
      expect(yield* file.integers(tensor("sizes"))).toEqual([1, 2, 2 ** 40])
      expect((yield* Effect.flip(file.float32(tensor("k")))).message).toMatch(/I32 where floats are expected/)
    })
  )

  it.effect("files that are none, or not of this kind, say what they are", () =>
    Effect.gen(function* () {
      const dict = pickle("\x80\x02}.")
      const text = (value: string) => new TextEncoder().encode(value)
      for (const [bytes, reason] of [
        [pickle("\x80\x02}q\x01."), /no file that torch\.save writes/],
        [new Uint8Array(0), /no file that torch\.save writes/],
        [text("PK and nothing else, for more than twenty bytes"), /no zip file/],
        [archive(dict, [{ name: "ae/code/model.py", bytes: text("x") }]), /TorchScript archive/],
        [archive(dict, [{ name: "ae/byteorder", bytes: text("big") }]), /byte order is big/],
        [archive(pickle("cos\nsystem\n.")), /refused, nothing was executed: it names os\.system/]
      ] as const) {
        expect((yield* Effect.flip(open(bytes))).message).toMatch(reason)
      }
    })
  )

  const whole = new Uint8Array(readFileSync(join(smallSaesRoot, "openai/topk/autoencoder.pt")))

  /** Reads everything that the file claims to hold. */
  const readAll = (bytes: Uint8Array) =>
    Effect.gen(function* () {
      const file = yield* open(bytes)
      if (!(file.value instanceof Map)) return
      for (const value of (file.value as Map<string, never>).values()) {
        if (isTensor(value)) yield* Effect.result(file.float32(value))
      }
    })

  it.effect("any damage ends in a refusal or in numbers, never in another exception", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
          fc.option(fc.nat(whole.length)),
          async (changes, cut) => {
            const bytes = whole.slice(0, cut ?? whole.length)
            for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte
            const result = await Effect.runPromise(Effect.result(readAll(bytes)))
            if (result._tag === "Failure") expect(result.failure._tag).toBe("ArtifactError")
          }
        ),
        { numRuns: 400 }
      )
    )
  )

  it("any pickle comes to an end", () => {
    const data = pickle("")
    expect(refusal(data)).toMatch(/ends in the middle/)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (tail) => {
        const decoded = decodeTorchPickle(Uint8Array.from([0x80, 2, ...tail]))
        expect("value" in decoded || typeof decoded.refused === "string").toBe(true)
      }),
      { numRuns: 3000 }
    )
  })
})
