import type { EngineInfo } from "../../tensor/engine-info.ts"

/** What `context.engine` is for kinds that have none: any use of it is a mistake in the stage kind. */
export const noEngine: EngineInfo = new Proxy({} as EngineInfo, {
  get: (_, field) => {
    throw new Error(`context.engine.${String(field)}: a kind that uses the engine declares engine: true`)
  }
})
