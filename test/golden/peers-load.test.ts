/**
 * SAELens, dictionary_learning and sparsify load what is written here, and compute the same with it. Needs a Python with
 * them: `SAELENS_PYTHON=/path/to/python`, after `pip install sae-lens dictionary-learning eai-sparsify` there.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { convertSae } from "../../src/kinds/sae/convert-sae.ts"
import { openSafetensors } from "../../src/format/safetensors.ts"
import { readSmallSae, smallSaeNames, smallSaesRoot } from "../kinds/sae/formats/small-saes.ts"
import { isRefused } from "../../src/kinds/sae/latents/sae-refused.ts"

const python = process.env["SAELENS_PYTHON"]
if (python === undefined) {
  process.stderr.write("SKIPPED: no SAELENS_PYTHON, so that SAELens loads what is written here is not checked\n")
}

const targets: ReadonlyArray<string> = ["saelens", "dictionary_learning", "sparsify", "gemma_scope", "gemma_scope_2"]

const tensorsOf = (path: string) => openSafetensors(bytesFile(new Uint8Array(readFileSync(path))), path)

describe.skipIf(python === undefined)("other libraries", () => {
  it.effect(
    "load every SAE that is written for them, with the features and reconstructions that it had",
    () =>
      Effect.gen(function* () {
        const root = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "peers-"))),
          (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
        )
        const jobs: Array<{ folder: string; format: string; name: string; x: string }> = []
        for (const name of smallSaeNames) {
          for (const format of targets) {
            // Written for sparsify before 1.0, from where it came.
            if (name === "sparsify/signed" && format === "sparsify") continue
            const converted = convertSae(yield* readSmallSae(name), format, { fold: false })
            if (isRefused(converted)) continue
            const folder = String(jobs.length)
            mkdirSync(join(root, folder))
            for (const [file, bytes] of converted.files) writeFileSync(join(root, folder, file), bytes)
            jobs.push({ folder, format, name, x: join(smallSaesRoot, name, "expected.safetensors") })
          }
        }
        writeFileSync(join(root, "jobs.json"), JSON.stringify(jobs))
        const script = join(smallSaesRoot, "load.py")
        const said = execFileSync(python as string, [script, root], {
          encoding: "utf8",
          stdio: ["ignore", "pipe", "pipe"]
        })
        process.stderr.write(said)
        let largest = 0
        const checked: Record<string, number> = {}
        for (const { folder, format, name, x } of jobs) {
          const computed = join(root, folder, "computed.safetensors")
          if (!existsSync(computed)) continue
          checked[format] = (checked[format] ?? 0) + 1
          for (const tensor of ["f", "x_hat"]) {
            const [got, wanted] = [
              yield* (yield* tensorsOf(computed)).float32(tensor),
              yield* (yield* tensorsOf(x)).float32(tensor)
            ]
            expect(got.length, `${name} as ${format}: ${tensor}`).toBe(wanted.length)
            for (const [i, value] of wanted.entries()) {
              const difference = Math.abs((got[i] as number) - value)
              expect(difference, `${name} as ${format}: ${tensor}`).toBeLessThan(1e-5)
              largest = Math.max(largest, difference)
            }
          }
        }
        process.stderr.write(`loaded by other libraries: ${JSON.stringify(checked)}, largest difference ${largest}\n`)
        expect(checked["saelens"]).toBeGreaterThan(25)
      }),
    300_000
  )
})
