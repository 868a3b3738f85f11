/**
 * The trainers of other libraries in a Python process of their own, asked for one step at a time. They are installed once,
 * with pip, into a virtual environment in the user's cache; `SAELENS_PYTHON` names another Python that has them.
 */
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { userCache } from "../../src/project/user-cache.ts"

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export const libraries = ["sparsify", "SAELens", "dictionary_learning"] as const
export type Library = (typeof libraries)[number]

const must = (command: string, ...args: ReadonlyArray<string>): void => {
  const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2] })
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed`)
}

/** Installs what requirements.txt pins, on the first call: some GB, minutes. */
const pythonWithPeers = (): string => {
  const given = process.env["SAELENS_PYTHON"]
  if (given !== undefined) return given
  const requirements = here("requirements.txt")
  const id = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 12)
  const folder = join(userCache(), `bench-peers-${id}`)
  const python = join(folder, "bin", "python")
  if (existsSync(join(folder, "whole"))) return python
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  must(process.env["PYTHON"] || "python3", "-m", "venv", folder)
  must(python, "-m", "pip", "install", "--quiet", "-r", requirements)
  mkdirSync(join(folder, "whole"))
  return python
}

export interface Peers {
  /** False where the library has no such architecture. */
  readonly make: (library: Library, architecture: string) => Promise<boolean>
  /** One training step, in ms. */
  readonly step: () => Promise<number>
  readonly drop: () => Promise<void>
  readonly end: () => void
}

/** `folder` holds the data and the shape: see peers.py. */
export const startPeers = async (folder: string): Promise<Peers> => {
  const child = spawn(pythonWithPeers(), [here("peers.py"), folder], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error("the Python process ended")
    return JSON.parse(value)
  }
  const ask = (line: string) => {
    child.stdin.write(`${line}\n`)
    return answer()
  }
  await answer()
  return {
    make: async (library, architecture) => (await ask(`make ${library} ${architecture}`))["made"] === true,
    step: async () => (await ask("step"))["ms"] as number,
    drop: async () => void (await ask("drop")),
    end: () => child.stdin.end()
  }
}
