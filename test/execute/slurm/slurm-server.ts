/**
 * A Slurm of one node that a test starts for itself, in a temporary folder: `apt-get install slurmctld slurmd slurm-client`.
 * Undefined, with a line that says why, where it cannot be had.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import type { AddressInfo } from "node:net"
import { hostname } from "node:os"
import { join } from "node:path"

export interface SlurmServer {
  readonly stop: () => void
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer()
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const has = (program: string): boolean => spawnSync(program, ["--help"], { stdio: "ignore" }).error === undefined

/** Short intervals: a job begins within half a second, and one that is cancelled has five to end. */
const configuration = (folder: string, controller: number, node: number): string => `
ClusterName=test
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${controller}
SlurmdPort=${node}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,sched_interval=1,batch_sched_delay=0,bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=4 RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=${hostname()} Default=YES DefMemPerCPU=400 MaxTime=INFINITE State=UP
PartitionName=short Nodes=${hostname()} DefMemPerCPU=400 MaxTime=10 State=UP
`

const isUp = (): boolean => {
  const { stdout } = spawnSync("sinfo", ["--noheader", "--partition=main", "--format=%T"], { encoding: "utf8" })
  return stdout.trim() === "idle"
}

const skipped = (why: string): undefined => {
  console.warn(`NOT TESTED: the Slurm executor on a real Slurm: ${why}`)
}

/** Its programs find it by `SLURM_CONF` of this process. */
export const startSlurm = async (folder: string): Promise<SlurmServer | undefined> => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return skipped("it needs Linux and root")
  if (!["slurmctld", "slurmd", "sbatch"].every(has)) return skipped("apt-get install slurmctld slurmd slurm-client")
  for (const name of ["state", "spool"]) mkdirSync(join(folder, name), { recursive: true })
  const path = join(folder, "slurm.conf")
  writeFileSync(path, configuration(folder, await freePort(), await freePort()))
  process.env["SLURM_CONF"] = path
  const programs = [spawn("slurmctld", ["-D", "-i"], { stdio: "ignore" }), spawn("slurmd", ["-D"], { stdio: "ignore" })]
  const stop = (): void => {
    spawnSync("scancel", ["--user=root"])
    for (const program of programs) program.kill("SIGKILL")
    rmSync(folder, { recursive: true, force: true })
  }
  for (let waited = 0; waited < 20_000; waited += 100) {
    if (isUp()) return { stop }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const log = ["slurmctld.log", "slurmd.log"].map((name) => {
    try {
      return readFileSync(join(folder, name), "utf8").split("\n").slice(-5).join("\n")
    } catch {
      return ""
    }
  })
  stop()
  return skipped(`it does not come up\n${log.join("\n")}`)
}

/** What `squeue` knows of all jobs that ever were, the latest last: "<job> <state>". */
export const jobsOf = (): ReadonlyArray<string> =>
  execFileSync("squeue", ["--states=all", "--array", "--noheader", "--sort=i", "--format=%F_%K %T"], {
    encoding: "utf8"
  })
    .trim()
    .split("\n")
    .filter((line) => line !== "")

/** Sends the running job what `--signal=B:USR2@N` asks for. */
export const warnOfTimeLimit = (): void => {
  spawnSync("scancel", ["--user=root", "--state=RUNNING", "--batch", "--signal=USR2"])
}
