/** Arguments and flags that several commands share. */
import * as Argument from "effect/cli/Argument"
import * as Flag from "effect/cli/Flag"

export const file = Argument.String("file").pipe(Argument.withDescription("an experiment or pipeline file (YAML)"))
export const stage = Argument.String("stage").pipe(
  Argument.withDescription("a stage, or one instance: sae, 'sae[width=512,seed=0]'")
)
export const set = Flag.String("set").pipe(
  Flag.atLeast(0),
  Flag.withDescription("change a value: tokens=1e6, 'stages.sae[width=2048].with.k=24' (repeatable)")
)
export const cache = Flag.String("cache").pipe(
  Flag.optional,
  Flag.withDescription("the artifact store (default: PIPELINE_CACHE, or cache/ in the project)")
)
export const engine = Flag.Literals("engine", ["auto", "tensorflow", "webgpu", "wasm"]).pipe(
  Flag.optional,
  Flag.withDescription("what multiplies matrices (default: PIPELINE_ENGINE, or the best there is)")
)
export const json = Flag.Boolean("json").pipe(Flag.withDefault(false), Flag.withoutNegation)
export const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withDefault(false), Flag.withoutNegation, Flag.withDescription(description))
export const stagesFlag = (name: string, description: string) =>
  Flag.String(name).pipe(Flag.atLeast(0), Flag.withDescription(description))

export const acceptLicence = Flag.String("accept-licence").pipe(
  Flag.atLeast(0),
  Flag.withDescription("say yes to the terms of a model's weights, once for this user: gemma")
)

export const offline = flag("offline", "use no network: what is pinned and cached has to do")
export const jobs = Flag.Int("jobs").pipe(
  Flag.filter(
    (jobs) => jobs >= 1,
    () => "1 or more stages side by side; without --jobs as many as there are cores"
  ),
  Flag.withAlias("j"),
  Flag.optional,
  Flag.withDescription("stages side by side (default: cores)")
)

export const remoteReadOnly = flag("remote-read-only", "take results from the remote, and write nothing there")
export const noRemote = flag("no-remote", "go on without the remote of pipeline.config.yaml")

export const common = { set, cache, remoteReadOnly, noRemote, engine, offline }
