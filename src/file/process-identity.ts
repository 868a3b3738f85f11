/**
 * Who owns a lease, told so that a dead owner is never taken for a living one: a pid alone is reused, and means
 * something else in another container or after a restart of the machine.
 */
import { readFileSync, readlinkSync } from "node:fs"
import { hostname } from "node:os"
import * as Schema from "effect/Schema"

export const ProcessIdentity = Schema.Struct({
  /** For people. */
  host: Schema.String,
  /** Differs between machines and between starts of one machine; null where the system does not tell. */
  bootId: Schema.NullOr(Schema.String),
  pidNamespace: Schema.NullOr(Schema.String),
  pid: Schema.Int,
  /** Clock ticks since boot. */
  startTime: Schema.NullOr(Schema.String)
})
export type ProcessIdentity = typeof ProcessIdentity.Type

const attempt = <A>(read: () => A): A | null => {
  try {
    return read()
  } catch {
    return null
  }
}

interface Stat {
  readonly state: string
  readonly startTime: string
}

/** Null where there is no such process, or no /proc. */
const procStat = (pid: number): Stat | null =>
  attempt(() => {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    // The second field is a name in parentheses that may hold anything, so count from behind it.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return { state: fields[0] as string, startTime: fields[19] as string }
  })

const readThisProcess = (): ProcessIdentity => ({
  host: hostname(),
  bootId: attempt(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
  pidNamespace: attempt(() => readlinkSync("/proc/self/ns/pid")),
  pid: process.pid,
  startTime: procStat(process.pid)?.startTime ?? null
})

let own: ProcessIdentity | undefined

/** Read once: nothing of it changes while the process lives. */
export const thisProcess = (): ProcessIdentity => (own ??= readThisProcess())

/** /proc may hide the processes of other users (hidepid): a signal that is refused tells that there is one. */
const isHidden = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** unknown: the process is where we cannot look (another machine, container or user). */
export const processState = (owner: ProcessIdentity): "alive" | "dead" | "unknown" => {
  const { bootId, pidNamespace } = thisProcess()
  if (owner.bootId === null || owner.bootId !== bootId || owner.pidNamespace !== pidNamespace) return "unknown"
  const stat = procStat(owner.pid)
  if (stat === null) return isHidden(owner.pid) ? "unknown" : "dead"
  // A zombie computes nothing: its parent has not asked for its exit code yet.
  if (stat.state === "Z" || stat.state === "X") return "dead"
  return stat.startTime === owner.startTime ? "alive" : "dead"
}
