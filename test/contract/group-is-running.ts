import { readdirSync, readFileSync } from "node:fs"

/** A worker leads a process group: is anything in that of this id, other than what only waits to be buried? */
export const groupIsRunning = (leader: number): boolean =>
  readdirSync("/proc").some((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      // "pid (name) state parent group ...", and a name may hold anything.
      const [state, , group] = readFileSync(`/proc/${name}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? []
      return state !== "Z" && Number(group) === leader
    } catch {
      return false
    }
  })
