/** The exit code of a run that was interrupted, as a shell tells the signal: 130 for Ctrl-C (SIGINT), 143 for SIGTERM. */
import * as Runtime from "effect/Runtime"

const [INTERRUPTED, TERMINATED] = [130, 143]

/** Whatever else it may be, an exit code of Effect stays as it is. */
export const interruptExitCode = (): Runtime.Teardown => {
  let code = INTERRUPTED
  process.once("SIGTERM", () => {
    code = TERMINATED
  })
  return (exit, onExit) => Runtime.defaultTeardown(exit, (given) => onExit(given === INTERRUPTED ? code : given))
}
