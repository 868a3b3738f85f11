/** Whether this program may use the network: `--offline` or `PIPELINE_OFFLINE=1` forbid it, to workers too. */
const VARIABLE = "PIPELINE_OFFLINE"

export const isOffline = (env: NodeJS.ProcessEnv = process.env): boolean =>
  /^(1|on|yes|true)$/i.test(env[VARIABLE] ?? "")

/** From now on, in this process and those that it starts. */
export const goOffline = (): void => {
  process.env[VARIABLE] = "1"
}
