/**
 * glibc asks for large pages where a process is started with this: a step of training writes matrices of 100 MB into fresh
 * memory again and again, and with pages of 4 KiB a tenth of it goes into getting them. Systems that do not know the
 * setting ignore it; one that is there already stays.
 */
export const largePages: Readonly<Record<string, string>> =
  process.platform === "linux" ? { GLIBC_TUNABLES: "glibc.malloc.hugetlb=1" } : {}
