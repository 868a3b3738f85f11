import { spawnSync } from "node:child_process"

export interface Cost {
  readonly wall: number
  /** User and system, of the process and of all that it has waited for, in seconds. */
  readonly cpu: number
  /** Of the largest process, in MiB. */
  readonly memory: number
}

/** Runs a command under GNU time, which sees what its children use. Fails where it fails. */
export const measure = (command: ReadonlyArray<string>, cwd: string): Cost => {
  const ended = spawnSync("/usr/bin/time", ["-f", "@ %e %U %S %M", ...command], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", CI: "1", DVC_NO_ANALYTICS: "1" },
    maxBuffer: 2 ** 28
  })
  const line = ended.stderr.split("\n").find((each) => each.startsWith("@ "))
  if (ended.status !== 0 || line === undefined) {
    throw new Error(`${command.join(" ")} in ${cwd}: ${ended.stdout.slice(-1000)}${ended.stderr.slice(-2000)}`)
  }
  const [wall = 0, user = 0, system = 0, kilobytes = 0] = line.slice(2).split(" ").map(Number)
  return { wall, cpu: user + system, memory: kilobytes / 1024 }
}

/** Of the least CPU time: what else runs on a machine only adds. */
export const best = (costs: ReadonlyArray<Cost>): Cost => costs.toSorted((a, b) => a.cpu - b.cpu)[0] as Cost
