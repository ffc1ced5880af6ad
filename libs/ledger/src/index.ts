export type * from './contract/ledger-database.js';
export * from './contract/ledger-errors.js';
export * from './contract/ledger-event.js';
export type * from './contract/ledger-questions.js';
export type * from './contract/ledger.js';
export { openLedger } from './open/open-ledger.js';
