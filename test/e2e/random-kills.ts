/**
 * Kills a run again and again, at moments drawn at random: its head, a worker, or both, with SIGKILL. Each time the same
 * command is given once more, and nothing else is done. What has come out in the end is compared with a run that nobody disturbed.
 */
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { cli, finished, type CliOptions, start } from "./run-cli.ts"

export interface KillsOptions {
  /** The project's folder: stores and temporary files are made in it. */
  readonly directory: string
  readonly experiment: string
  readonly kills: number
  /** From 0 to 1, as `Math.random`. */
  readonly random: () => number
  readonly onKill?: (line: string) => void
}

export interface KillsReport {
  readonly kills: Readonly<Record<"head" | "worker" | "both", number>>
  /** Runs that came to their end, each compared. */
  readonly whole: number
  /** Everything that is not as it should be; empty is right. */
  readonly wrong: ReadonlyArray<string>
}

const childrenOf = (parent: number): ReadonlyArray<number> =>
  readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8")
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) === parent ? [Number(name)] : []
    } catch {
      return []
    }
  })

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It has ended by itself.
  }
}

/** Processes that were given something of the project: none may outlive a run for long. */
const processesOf = (directory: string): ReadonlyArray<string> =>
  readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return false
    try {
      return readFileSync(`/proc/${name}/environ`, "latin1").includes(directory)
    } catch {
      return false
    }
  })

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const LONGEST_END_MS = 10_000

export const randomKills = async (options: KillsOptions): Promise<KillsReport> => {
  const { directory, experiment, random } = options
  const temporary = join(directory, "tmp")
  const run = (store: string): CliOptions & { readonly args: ReadonlyArray<string> } => ({
    args: ["run", experiment, "--json", "--jobs", "2", "--cache", store],
    cwd: directory,
    env: { TMPDIR: temporary, NODE_COMPILE_CACHE: join(directory, "compiled"), PIPELINE_CHECKPOINT_SECONDS: "0" }
  })
  const calm = run(join(directory, "calm"))
  const undisturbed = await cli(calm.args, calm)
  const wanted = new Map(finished(undisturbed).stages.map(({ id, digest }) => [id, digest]))
  const events = undisturbed.stdout.split("\n").length

  // Each whole run is followed by one with a store of its own.
  let store = join(directory, "killed-0")
  let again = run(store)
  const wrong: Array<string> = []
  const kills = { head: 0, worker: 0, both: 0 }
  let whole = 0

  const compare = (result: Awaited<ReturnType<typeof cli>>): void => {
    whole++
    for (const { id, status, digest } of finished(result).stages) {
      if (status === "failed" || status === "skipped") wrong.push(`${id} ${status}`)
      else if (digest !== wanted.get(id)) wrong.push(`${id}: ${digest} instead of ${wanted.get(id)}`)
    }
  }

  /** @returns whether the run came to an end of its own before its moment */
  const disturb = async (): Promise<boolean> => {
    const running = start(again.args, again)
    const moment = Math.floor(random() * events)
    const lag = random() * 60
    const victim = (["head", "worker", "both"] as const)[Math.floor(random() * 3)] as "head" | "worker" | "both"
    let seen = 0
    let struck = false
    const strike = async (): Promise<void> => {
      await delay(lag)
      const head = running.child.pid as number
      if (running.child.exitCode !== null || running.child.signalCode !== null) return
      const workers = childrenOf(head)
      const [worker] = workers
      if (victim === "worker" && worker === undefined) return
      struck = true
      kills[victim]++
      options.onKill?.(`${victim} at event ${moment} of ${events}`)
      if (victim !== "worker") kill(head)
      // Their group: what a stage has started goes with its worker, as when the machine runs out of memory.
      if (victim !== "head") for (const each of victim === "both" ? workers : [worker as number]) kill(-each)
    }
    running.child.stdout?.on("data", (chunk: Buffer) => {
      const before = seen
      seen += chunk.toString().split("\n").length - 1
      if (before <= moment && seen > moment) void strike()
    })
    const result = await running.done
    if (result.code === 0) compare(result)
    // Only a worker that was killed may fail a run.
    else if (!struck) wrong.push(`ended by itself with ${result.code ?? result.signal}: ${result.stderr.slice(-2000)}`)
    return result.code === 0
  }

  const total = (): number => kills.head + kills.worker + kills.both
  while (total() < options.kills && wrong.length === 0) {
    if (!(await disturb())) continue
    store = join(directory, `killed-${whole}`)
    again = run(store)
  }

  const last = await cli(again.args, again)
  if (last.code === 0) compare(last)
  else wrong.push(`the last run ended with ${last.code}: ${last.stderr.slice(-2000)}`)
  // What a process that was killed between its commit and its tidying up has left goes with whoever wants the key again, and
  // with the next command on this machine: a run of hits is neither.
  const stages = [...new Set([...wanted.keys()].map((id) => id.split("[")[0] as string))]
  const forced = await cli([...again.args, ...stages.flatMap((stage) => ["--force", stage])], again)
  if (forced.code === 0) compare(forced)
  else wrong.push(`the forced run ended with ${forced.code}: ${forced.stderr.slice(-2000)}`)
  const verified = await cli(["cache", "verify", "--cache", store], again)
  if (verified.code !== 0) wrong.push(`cache verify: ${verified.stderr.slice(-2000)}`)

  for (let waited = 0; processesOf(directory).length > 0 && waited < LONGEST_END_MS; waited += 100) await delay(100)
  wrong.push(...processesOf(directory).map((pid) => `process ${pid} is left`))
  const left = globSync("partial/**/*", { cwd: store, withFileTypes: true }).filter((entry) => entry.isFile())
  wrong.push(...left.map((entry) => `${join(entry.parentPath, entry.name)} is left`))
  if (existsSync(temporary)) wrong.push(...readdirSync(temporary).map((name) => `$TMPDIR/${name} is left`))
  return { kills, whole, wrong }
}
