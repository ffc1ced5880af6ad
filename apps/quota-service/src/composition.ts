/** Injects the `Journal` of a node whose store can be away. */
export const JOURNAL = Symbol('Journal');
/** Injects the `Runner` over the store. */
export const RUNNER = Symbol('Runner');
/** Injects the `Store` and the `RuleRepository` that `AppModule` chose. */
export const STORE = Symbol('Store');
export const RULE_REPOSITORY = Symbol('RuleRepository');
/** Injects the `ProcessLock` of a node that counts in memory. */
export const COUNTERS_LOCK = Symbol('CountersLock');
