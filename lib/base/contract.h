/* Two kinds of self-check. Debug builds (PR_DEBUG=1) trap, so that tests and fuzzers find the place; release
   builds never stop the host: PR_NEVER keeps the check and takes its error path, PR_INVARIANT costs nothing.
 */
#ifndef PR_BASE_CONTRACT_H
#define PR_BASE_CONTRACT_H

#if defined(PR_DEBUG) && PR_DEBUG
#define PR_NEVER(cond) ((cond) ? (__builtin_trap(), 1) : 0)
#define PR_INVARIANT(cond) ((cond) ? (void)0 : __builtin_trap())
#else
#define PR_NEVER(cond) ((cond) ? 1 : 0)
#define PR_INVARIANT(cond) ((void)sizeof((cond) ? 1 : 0))
#endif

#endif
