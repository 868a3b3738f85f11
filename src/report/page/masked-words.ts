/**
 * Slurs: token lists show a vocabulary as the model has it, and these are covered until a reader asks for them. Kept as
 * hashes (FNV-1a of the lower-case word), so that no file of this project spells them.
 */

const fnv1a = (word: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193) >>> 0
  return hash
}

const hashes: ReadonlySet<number> = new Set(
  (
    "q6rqx 1iu9cw 1wa97i 27qisz 31mjzz 4e0ao0 5h13uc 5kl94a 5kq7nl 5rx0m8 5wga14 66k1j3 6c62pp 6ichpm 6zjw5i " +
    "7dsojt 81q8rh 86gdre 8fmtkf 8gomj1 8x8flx 8ze58x 9ajcx4 9aw1n6 9epqb5 9w0epj acks5y aezi5r afkosp akzob1 " +
    "aun9st c4mdmo clvtc6 d135gb e4iz3o eyaqot f21dxw f4adsx f79hgw fh8483 g8n32t h3iep3 iaifv6 j5d4h3 jclsop " +
    "jq9dkn lkin7j lqdjfr mf4x20 nxvziq o7mine odwv64 orariq otiurq p2y574 pqb3iw q3ld0h q7celv qg97zl reddm0 " +
    "rkfry0 rn0u92 s7464s sejok6 srjr1a swkwxy t4w3ub tjs7wf ttk60e twlw3p tyc5ti u74m7v vhj70f vmi7p0 w1l9s4 " +
    "w55gv8 wcmj2d xfur5q xrob1x xy6mwd ydf5tp ykn8e7 yy78ri z8ejua ze6d0t zjgczc zms475 zu83f7 105ktmv 10yk36d " +
    "10yzs8e 11sx6ip 12ky2rp 13124x2 13kb6ks 13vu6ye 145zru2 14fkbtf 14gpz54 14w6nzo 14z59sl 157bpup 15fvo3p " +
    "161gpzq 16jf6u5 178w8xt 17ajuul 180qhqb 18kg7af 19mj789 1bvftda 1bxbdau 1c0rt12 1cf7ey1 1cn6b59 1cwa4ow " +
    "1d58krm 1ddoja5 1dlfm2c 1ds6z2p 1e2pgbp 1eh4j17 1ekx65j 1ezko0n 1fetmm9 1fhzz46 1g0mo6i 1g0owtg 1gap5id " +
    "1ghjuy7 1gy49yi 1hj3pol 1hkfpmw 1i35403 1ihhxdj 1jh69vl 1jlycjm 1kkzf58 1kloy5a 1lcacsh 1mil4fy 1mm6m9u " +
    "1ms2zrk 1mzzw5e 1nburq8 1o7q7e9 1ogqgnx 1ongl9g 1oy6sy6 1p1uv49 1p4xtl8 1pcu2kc 1pftrx8 1px4hlw 1qb52s5 " +
    "1qk04h8 1qp8t09 1r7pu6q 1rapxp3 1rkv8cu 1s6uih8 1s99qln 1sm6vk3 1tpnwny 1tubxve 1ubmu64 1um3b1v 1uuyz6s " +
    "1v73x2q 1v7p2w2 1vbm0o9 1vngl4n 1vnkad1 1wfnhou 1wktobu 1wlwds1 1x6y0cl 1xifnkp 1ycbij3 6u4ocd 6q2uh6 a1y2su"
  )
    .split(" ")
    .map((hash) => Number.parseInt(hash, 36))
)

const COVER = "•"

/** The text with every slur in it covered, character by character: the length stays, so that tokens can be cut from it. */
export const covered = (text: string): string =>
  text.replace(/\p{L}+/gu, (word) => (hashes.has(fnv1a(word.toLowerCase())) ? COVER.repeat(word.length) : word))
