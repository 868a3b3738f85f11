/** Names that the field with the documents has where nobody names it: of text, and of token ids. */
const usual = ["text", "input_ids", "tokens"]

/** @param field the name that was given, or null */
export const fieldsInOrder = (field: string | null): ReadonlyArray<string> => (field === null ? usual : [field])
