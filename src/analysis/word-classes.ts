/** Kinds of words by the tags of the Brown corpus (Francis and Kučera 1979), without what is appended to a tag (`-tl`: of a title). */

/** Parts of speech. Compounds (`nn+bez`) and foreign words are in none. */
export const partsOfSpeech: Readonly<Record<string, RegExp>> = {
  noun: /^(nn|nns|nr|nrs)$/,
  name: /^(np|nps)$/,
  verb: /^vb[dgnz]?$/,
  adjective: /^jj[rst]?$/,
  adverb: /^rb[rt]?$/,
  preposition: /^in$/,
  determiner: /^(at|dt|dti|dts|dtx)$/,
  pronoun: /^pp(\$\$?|ls?|o|ss?)$/,
  conjunction: /^(cc|cs)$/
}
