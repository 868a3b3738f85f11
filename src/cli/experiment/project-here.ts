/** The project of the working folder, for commands that take no experiment file. */
import * as Option from "effect/Option"
import { locateProject } from "../../config/locate-project.ts"

export const projectHere = (cache: Option.Option<string> = Option.none()) =>
  locateProject({ workingDirectory: process.cwd(), cache: Option.getOrUndefined(cache) })
