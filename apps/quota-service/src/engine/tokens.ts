/** Injects the `OpenedQuota` of this process. */
export const OPENED_QUOTA = Symbol('OpenedQuota');
/** Injects the `RuleRepository`, wherever it keeps the rules. */
export const RULE_REPOSITORY = Symbol('RuleRepository');
/** Injects the `OperatorControls`: gates, brakes and drills. */
export const CONTROLS = Symbol('OperatorControls');
/** Injects the `OverrideAdmin`: what single subjects have instead of their rules' limits. */
export const OVERRIDES = Symbol('OverrideAdmin');
/** Injects the `LiveNodes` that share the store. */
export const LIVE_NODES = Symbol('LiveNodes');
/** Injects the `ReceiptStore` of the nodes that share the store. */
export const RECEIPT_STORE = Symbol('ReceiptStore');
/** Injects the one `QuotaObserver` that calls all of them. */
export const OBSERVER = Symbol('QuotaObserver');
/** Injects the `SharedKeys`: what all nodes of the store can sign and verify with. */
export const SHARED_KEYS = Symbol('SharedKeys');
