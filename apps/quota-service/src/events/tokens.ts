/** Injects the `EventObserver`, or what observes nothing while the ledger is off. */
export const EVENT_OBSERVER = Symbol('EventObserver');
