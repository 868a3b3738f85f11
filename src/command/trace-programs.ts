/**
 * strace, as far as it goes here: it needs no privileges, sees static programs as well, and costs about 7 ms a command and 0.1 ms
 * an opened file. It does not see what is opened through io_uring, and a setuid program runs without its privileges under it.
 */
import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { promisify } from "node:util"

const run = promisify(execFile)

/** From aside, children too, with real paths, without words of its own. */
const FORM = ["-D", "-f", "-y", "-q", "--seccomp-bpf"]

/** Opens and starts alone: everything else runs at full speed. */
const WATCHED = ["-e", "trace=open,openat,openat2,execve,execveat", "-e", "signal=none"]

const probe = async (): Promise<string | undefined> => {
  if (process.platform !== "linux") return "programs can be looked at on Linux alone"
  try {
    await run("strace", [...FORM, "-o", "/dev/null", ...WATCHED, "/bin/true"])
    return undefined
  } catch (cause) {
    const { code, stderr } = cause as { readonly code?: unknown; readonly stderr?: string }
    return code === "ENOENT"
      ? "strace is not installed (`apt-get install strace`)"
      : `strace does not work here (${(stderr ?? String(cause)).trim().split("\n")[0]}); it needs version 5.3 and ptrace`
  }
}

let known: Promise<string | undefined> | undefined

/** Why programs cannot be looked at; undefined where they can. Asked once in a process. */
export const whyUntraceable = (): Promise<string | undefined> => (known ??= probe())

/**
 * What stands before a command so that strace writes into `file`. It works from aside: the command stays the child of who
 * starts it, and has `mark`, which strace's own process has not.
 */
export const traceArguments = (file: string, mark: string): readonly [string, ...ReadonlyArray<string>] => [
  "strace",
  ...FORM,
  "-o",
  file,
  ...WATCHED,
  "-E",
  mark
]

const SETTLE_MS = 2_000
const POLL_MS = 5

/** The whole trace: strace writes the end of a process a little after that. */
export const settledTrace = async (file: string, pid: number): Promise<string> => {
  const end = new RegExp(`^${pid} +\\+\\+\\+ `, "m")
  for (let waited = 0; ; waited += POLL_MS) {
    const text = await readFile(file, "utf8").catch(() => "")
    if (end.test(text) || waited >= SETTLE_MS) return text
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}
