/** Arguments and flags of the commands that look after the store. */
import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { file, stage, set, cache, json, flag } from "./shared-flags.ts"

export const cacheFlags = { json: json.pipe(Flag.withDescription("as JSON")), cache }
export type CacheInput = Command.Command.Config.Infer<typeof cacheFlags>

export const exchangeFlags = {
  file: file.pipe(Argument.optional, Argument.withDescription("only results of this experiment (default: all)")),
  stages: Argument.String("stage").pipe(Argument.variadic(), Argument.withDescription("only these stages of it")),
  json: json.pipe(Flag.withDescription("as JSON")),
  set,
  cache
}
export type ExchangeInput = Command.Command.Config.Infer<typeof exchangeFlags>

const yes = flag("yes", "do it: without this it is only shown").pipe(Flag.withAlias("y"))

export const gcFlags = {
  yes,
  keepDays: Flag.Finite("keep-days").pipe(
    Flag.withDefault(14),
    Flag.filter(
      (days) => days >= 0,
      () => "0 days or more"
    ),
    Flag.withDescription("results of runs of the last N days stay (default: 14)")
  ),
  json: json.pipe(Flag.withDescription("as JSON")),
  cache
}
export type GcInput = Command.Command.Config.Infer<typeof gcFlags>

export const pinFlags = { file, stage, set, cache }
export type PinInput = Command.Command.Config.Infer<typeof pinFlags>

export const rmFlags = { ...pinFlags, yes }
export type RmInput = Command.Command.Config.Infer<typeof rmFlags>
