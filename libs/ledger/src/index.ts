export * from './ledger-errors.js';
export * from './ledger-event.js';
export type * from './ledger-database.js';
export type * from './ledger-questions.js';
export type * from './ledger.js';
export { openLedger } from './open-ledger.js';
