/** The commands that look after the store. */
import * as Command from "effect/cli/Command"
import { cacheFlags, exchangeFlags, gcFlags, pinFlags, rmFlags } from "./flags/store-flags.ts"
import { late } from "./late.ts"

const cacheLs = Command.make(
  "ls",
  cacheFlags,
  late(async () => (await import("./commands/cache-ls.ts")).cacheLs)
).pipe(Command.withDescription("What the store holds"))
const cacheVerify = Command.make(
  "verify",
  cacheFlags,
  late(async () => (await import("./commands/cache-verify.ts")).cacheVerify)
).pipe(Command.withDescription("Read every byte of the store and compare it with its digest"))
const cachePush = Command.make(
  "push",
  exchangeFlags,
  late(async () => (await import("./commands/cache-exchange.ts")).cachePush)
).pipe(Command.withDescription("Bring results to the remote of pipeline.config.yaml: all, or those of an experiment"))
const cachePull = Command.make(
  "pull",
  exchangeFlags,
  late(async () => (await import("./commands/cache-exchange.ts")).cachePull)
).pipe(Command.withDescription("Take results from the remote, every byte checked: all, or those of an experiment"))
const cacheGc = Command.make(
  "gc",
  gcFlags,
  late(async () => (await import("./commands/cache-gc.ts")).cacheGc)
).pipe(
  Command.withDescription(
    "What nobody counts on any more, and what it would cost to compute again; --yes removes its bytes"
  )
)
/** @internal Its type has no name to be declared by. */
export const cacheCommand = Command.make("cache").pipe(
  Command.withDescription("The artifact store"),
  Command.withSubcommands([cacheLs, cacheVerify, cacheGc, cachePush, cachePull])
)
/** @internal Its type has no name to be declared by. */
export const pin = Command.make(
  "pin",
  pinFlags,
  late(async () => (await import("./commands/pin.ts")).pin)
).pipe(Command.withDescription("Keep a stage's result: no clean-up takes it"))
/** @internal Its type has no name to be declared by. */
export const unpin = Command.make(
  "unpin",
  pinFlags,
  late(async () => (await import("./commands/pin.ts")).unpin)
).pipe(Command.withDescription("Let go of what was pinned"))
/** @internal Its type has no name to be declared by. */
export const rm = Command.make(
  "rm",
  rmFlags,
  late(async () => (await import("./commands/rm.ts")).rm)
).pipe(Command.withDescription("Remove a stage's result from the store; --yes does it"))
