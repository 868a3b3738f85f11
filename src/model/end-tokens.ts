/** Ids that end a text, of config.json's `eos_token_id`: one, several or none. */
export const endTokens = (config: Readonly<Record<string, unknown>>): ReadonlySet<number> =>
  new Set([config["eos_token_id"]].flat().filter((id): id is number => typeof id === "number"))
