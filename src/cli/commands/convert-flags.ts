/** Arguments and flags of `pipeline convert`. What can be written follows from the formats that there are. */
import * as Argument from "effect/cli/Argument"
import type * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import { writableNames } from "../../kinds/sae/format-names.ts"
import { flag } from "../flags/shared-flags.ts"

export const convertFlags = {
  source: Argument.String("source").pipe(
    Argument.withDescription("a folder with an SAE, or its one file; the format is told by the files")
  ),
  directory: Argument.String("directory").pipe(Argument.withDescription("an empty or new folder")),
  to: Flag.Literals("to", writableNames).pipe(Flag.withDescription("the format to write")),
  fold: flag(
    "fold",
    "b_dec and decoder norms may be folded into the encoder where the format needs it, up to rounding"
  ),
  strict: flag("strict", "refuse to write where the format has no place for some of the metadata"),
  k: Flag.Int("k").pipe(
    Flag.optional,
    Flag.withDescription("latents per row, for files that leave it to the name of their repository")
  )
}
export type ConvertInput = Command.Command.Config.Infer<typeof convertFlags>
