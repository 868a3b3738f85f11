/**
 * What every file of `src/kinds/sae/formats/` and `layouts/` must do, on the files that the libraries themselves wrote: be recognised, and
 * by no other format; be read, twice the same; be written and read again, to the bit; be refused, with a reason, where a
 * file is missing, cut off, or says something that nobody knows. A format without a fixture fails.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { ArtifactError } from "../../src/artifact/artifact-error.ts"
import { encodeSafetensors } from "../../src/format/safetensors.ts"
import type { SaeFolder } from "../../src/kinds/sae/files/sae-folder.ts"
import { formatNames } from "../../src/kinds/sae/format-names.ts"
import { detectFormat, type NamedFormat } from "../../src/kinds/sae/formats.ts"
import { encodeSaeLens, openSaeLens } from "../../src/kinds/sae/formats/saelens.ts"
import { computableSae } from "../../src/kinds/sae/stored/computable-sae.ts"
import { type StoredSae, storedProblem, storedTensors } from "../../src/kinds/sae/stored/stored-sae.ts"
import { describe, expect } from "vitest"
import { filesFolder } from "../artifact/directory-folder.ts"
import { smallSaeFolder, smallSaeNames } from "../kinds/sae/formats/small-saes.ts"
import { isRefused } from "../../src/kinds/sae/latents/sae-refused.ts"

type Files = ReadonlyMap<string, Uint8Array>

const bytesOf = Effect.fnUntraced(function* (folder: SaeFolder) {
  const files = new Map<string, Uint8Array>()
  for (const name of folder.names) {
    const file = yield* folder.open(name)
    files.set(name, yield* Effect.promise(() => file.read(0, file.size)))
  }
  return files
}, Effect.scoped)

/** The same place with other files. */
const replaced = (folder: SaeFolder, files: Files): SaeFolder => ({ ...folder, ...filesFolder(files) })

const attempt = (folder: SaeFolder) =>
  Effect.scoped(Effect.flatMap(detectFormat(folder), (format) => format.read(folder)))

const json = (bytes: Uint8Array): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>

/** The files with a key that nobody knows, at the top of each JSON file and in each object in it. */
const withUnknownKeys = (files: Files): ReadonlyArray<Files> =>
  [...files]
    .filter(([name]) => name.endsWith(".json"))
    .flatMap(([name, bytes]) => {
      const places = Object.entries(json(bytes)).filter(
        ([key, value]) => typeof value === "object" && value !== null && !Array.isArray(value) && key !== "metadata"
      )
      // What SAELens keeps as metadata is open, and says nothing of the numbers.
      return [undefined, ...places.map(([key]) => key)].map((place) => {
        const config = json(bytes)
        const target = place === undefined ? config : (config[place] as Record<string, unknown>)
        target["quirk"] = 0.5
        return new Map([...files, [name, new TextEncoder().encode(JSON.stringify(config))]])
      })
    })

const withUnknownTensor = Effect.fnUntraced(function* (files: Files) {
  const [name, bytes] = [...files].find(([one]) => one.endsWith(".safetensors")) ?? []
  if (name === undefined || bytes === undefined) return undefined
  const { openSafetensors } = yield* Effect.promise(() => import("../../src/format/safetensors.ts"))
  const opened = yield* openSafetensors(bytesFile(new Uint8Array(bytes)), name)
  const tensors: Record<string, { dtype: "F32"; shape: ReadonlyArray<number>; data: Float32Array<ArrayBuffer> }> = {}
  for (const [key, { shape }] of opened.entries) {
    tensors[key] = { dtype: "F32", shape, data: yield* opened.float32(key) }
  }
  tensors["quirk"] = { dtype: "F32", shape: [1], data: new Float32Array([0.5]) }
  return new Map([...files, [name, encodeSafetensors(tensors)]])
})

/** One fixture for each format, the first of its folder. */
const samples = formatNames.map(
  (format) => [format, smallSaeNames.find((name) => name.startsWith(`${format}/`))] as const
)

describe("a format of SAEs", () => {
  for (const [name, sample] of samples) {
    if (sample === undefined) {
      it(`${name} has a fixture in test/fixtures/saes`, () => expect.fail("there is none"))
      continue
    }
    const folder = smallSaeFolder(sample)

    it.effect(`${name}: its files are recognised, whatever stands beside them`, () =>
      Effect.gen(function* () {
        expect((yield* Effect.scoped(detectFormat(folder))).name).toBe(name)
        const more = replaced(folder, new Map([...(yield* bytesOf(folder)), ["README.md", new Uint8Array([35])]]))
        expect((yield* Effect.scoped(detectFormat(more))).name).toBe(name)
      })
    )

    it.effect(`${name}: without one of its files it is not read in silence`, () =>
      Effect.gen(function* () {
        const files = yield* bytesOf(folder)
        const whole = yield* attempt(folder)
        for (const missing of files.keys()) {
          const rest = new Map([...files].filter(([one]) => one !== missing))
          const exit = yield* Effect.exit(attempt(replaced(folder, rest)))
          // A configuration may be dispensable; then what is read is the same SAE.
          if (exit._tag === "Success") expect(numbers(exit.value), missing).toEqual(numbers(whole))
        }
      })
    )

    it.effect(`${name}: a file that is cut off is refused with a reason`, () =>
      Effect.gen(function* () {
        const files = yield* bytesOf(folder)
        for (const [cut, bytes] of files) {
          const short = bytes.slice(0, Math.floor(bytes.length * 0.6))
          const error = yield* Effect.flip(attempt(replaced(folder, new Map([...files, [cut, short]]))))
          expect(error, cut).toBeInstanceOf(ArtifactError)
          expect(error.message.length).toBeGreaterThan(20)
        }
      })
    )

    it.effect(`${name}: a key and a tensor that nobody knows are refused by name`, () =>
      Effect.gen(function* () {
        const files = yield* bytesOf(folder)
        for (const changed of withUnknownKeys(files)) {
          const error = yield* Effect.flip(attempt(replaced(folder, changed)))
          expect(error.message).toMatch(/quirk/)
        }
        const tensor = yield* withUnknownTensor(files)
        if (tensor === undefined) return
        expect((yield* Effect.flip(attempt(replaced(folder, tensor)))).message).toMatch(/quirk/)
      })
    )
  }
})

const numbers = (sae: Pick<StoredSae, "latents" | "W_enc" | "W_dec" | "b_dec" | "W_skip">) => [
  sae.W_enc,
  sae.W_dec,
  sae.b_dec,
  sae.W_skip,
  sae.latents
]

describe("every SAE of the fixtures", () => {
  for (const name of smallSaeNames) {
    it.effect(`${name} is recognised, read, written and read again`, () =>
      Effect.gen(function* () {
        const folder = smallSaeFolder(name)
        const format: NamedFormat = yield* Effect.scoped(detectFormat(folder))
        const sae = yield* Effect.scoped(format.read(folder))
        expect(sae.origin.format).toBe(format.name)
        expect(storedProblem(sae)).toBeUndefined()
        expect(isRefused(computableSae(sae))).toBe(false)
        expect(yield* Effect.scoped(format.read(folder))).toEqual(sae)
        const files = format.write?.(sae)
        if (files !== undefined) {
          if (isRefused(files)) throw files
          const written = filesFolder(files)
          expect((yield* Effect.scoped(detectFormat(written))).name).toBe(format.name)
          const again = yield* Effect.scoped(format.read(written))
          expect(numbers(again)).toEqual(numbers(sae))
          expect(format.write?.(again)).toEqual(files)
        }
        // What is brought into the store is a folder laid out as SAELens's, whatever library it is of.
        const stored = encodeSaeLens(sae)
        if (isRefused(stored)) throw stored
        const back = yield* Effect.scoped(Effect.flatMap(openSaeLens(filesFolder(stored)), ({ weights }) => weights))
        expect(storedTensors(back)).toEqual(storedTensors(sae))
        expect(computableSae(back)).toEqual(computableSae(sae))
      })
    )
  }
})

describe("the page on SAEs of other libraries", () => {
  it("says of every format what is read, and what is done with a key that is not known", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/how-to/reading-saes.md"), "utf8")
    const tables = page.split("\n").filter((line) => line.startsWith("| `"))
    for (const name of formatNames) {
      expect(tables.filter((line) => line.split("|")[1]?.includes(`\`${name}\``)).length, name).toBe(2)
    }
  })
})
