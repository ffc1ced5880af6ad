export type * from './quota.js';
export * from './errors.js';
export * from './observer.js';
export * from './rules/rule.js';
export { RuleBook } from './rules/rule-book.js';
export { LiveRules } from './rules/live-rules.js';
export type * from './rules/rule-repository.js';
export type * from './windows/window.js';
export * from './stores/store.js';
