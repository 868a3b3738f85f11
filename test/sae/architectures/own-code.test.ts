/** In a copy of the sources: what an edit of one architecture changes, and that a new one is its file. */
import { execFileSync } from "node:child_process"
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, expect, it } from "vitest"

const root = fileURLToPath(new URL("../../../", import.meta.url))
const copy = mkdtempSync(join(tmpdir(), "architectures-"))
afterAll(() => rmSync(copy, { recursive: true, force: true }))
for (const part of ["src", "stages", "package.json"]) cpSync(join(root, part), join(copy, part), { recursive: true })
symlinkSync(resolve(root, "node_modules"), join(copy, "node_modules"))

interface Code {
  readonly digest: string
  readonly packages: Readonly<Record<string, string>>
  readonly files: ReadonlyArray<string>
  readonly params: Readonly<Record<string, unknown>>
}
interface Printed {
  readonly codes: Readonly<Record<string, Code>>
  readonly outcome: { readonly explained_variance: number; readonly type: string } | null
}

const codes = (...more: ReadonlyArray<string>): Printed => {
  const script = join(root, "test/sae/architectures/architecture-codes.ts")
  return JSON.parse(execFileSync(process.execPath, [script, copy, ...more], { encoding: "utf8" })) as Printed
}

/** The example of the page that says how an architecture is added. */
const page = readFileSync(join(root, "docs/how-to/add-an-architecture.md"), "utf8")
const ridge = /```ts\n(.*?)```/s.exec(page)?.[1] as string

it("a training has the code of its own architecture in its key; a new architecture is one file, and changes no key", () => {
  const before = codes().codes
  for (const [name, { files, packages }] of Object.entries(before)) {
    const own = `src/sae/architectures/${name.replaceAll("_", "-")}.ts`
    expect(files.filter((file) => file.startsWith("src/sae/architectures/"))).toEqual([own])
    expect(Object.keys(packages)).toContain("@tensorflow/tfjs-core")
  }

  const folder = join(copy, "src/sae/architectures")
  const gated = join(folder, "gated.ts")
  const formula = "f[i] = Math.max(0, (scale[j] as number) * (pi[i] as number) + (b_mag[j] as number))"
  expect(readFileSync(gated, "utf8")).toContain(formula)
  writeFileSync(gated, readFileSync(gated, "utf8").replace(formula, formula.replace("Math.max(0,", "Math.max(1e-9,")))
  appendFileSync(join(folder, "topk.ts"), "\n// A comment is no code.\n")
  writeFileSync(join(folder, "ridge.ts"), ridge)

  const after = codes("ridge")
  for (const [name, { digest, params }] of Object.entries(before)) {
    if (name === "gated") expect(after.codes[name]?.digest).not.toBe(digest)
    else expect(after.codes[name]?.digest, name).toBe(digest)
    expect(after.codes[name]?.params).toEqual(params)
  }
  expect(after.outcome?.type).toBe("relu")
  expect(after.outcome?.explained_variance).toBeGreaterThan(0.3)
}, 120_000)
