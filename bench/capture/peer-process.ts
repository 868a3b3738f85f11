/** The Python process of the peers: made once in a virtual environment of its own, asked line by line. */
import { execFileSync, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { userCache } from "../../src/project/user-cache.ts"

/** The last TransformerLens that has HookedTransformer and stop_at_layer in its first form. */
const packages = ["torch==2.15.0", "transformers==5.24.0", "transformer_lens==3.9.0"]

/** A Python with the peers; installs them (some 3 GB) the first time. */
export const peersPython = (given: string | undefined): string => {
  if (given !== undefined) return given
  const environment = join(userCache(), "bench-capture")
  const python = join(environment, "bin/python")
  const marker = join(environment, "lib/complete")
  if (existsSync(marker)) return python
  process.stderr.write(`installing ${packages.join(", ")} into ${environment}\n`)
  execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" })
  execFileSync(python, ["-m", "pip", "install", "-q", ...packages], { stdio: "inherit" })
  execFileSync("touch", [marker])
  return python
}

export interface PeerRequest {
  readonly model: string
  readonly peer: string
  readonly ids: ReadonlyArray<ReadonlyArray<number>>
  /** Whether seconds are those of the CPU. */
  readonly cpu?: boolean
  /** Where to put the activations, raw f32. */
  readonly out?: string
}

export interface Peers {
  readonly versions: Readonly<Record<string, string>>
  /** Blocks that are run, by model. */
  readonly layers: Readonly<Record<string, number>>
  /** By model, those that could be loaded. */
  readonly peers: Readonly<Record<string, ReadonlyArray<string>>>
  /** Seconds of one pass. */
  readonly run: (request: PeerRequest) => Promise<number>
  readonly close: () => void
}

export const startPeers = async (
  python: string,
  folder: string,
  threads: number,
  models: ReadonlyArray<string>
): Promise<Peers> => {
  const child = spawn(python, [join(import.meta.dirname, "peers.py"), folder, String(threads), ...models], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, OMP_NUM_THREADS: String(threads) }
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { done, value } = await lines.next()
    if (done === true) throw new Error("the peers' process ended")
    return JSON.parse(value) as unknown
  }
  const about = (await answer()) as Pick<Peers, "versions" | "layers" | "peers">
  return {
    ...about,
    run: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return ((await answer()) as { readonly seconds: number }).seconds
    },
    close: () => child.stdin.end()
  }
}
