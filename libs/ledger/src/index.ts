export type * from './contract/ledger-database.js';
export * from './contract/ledger-errors.js';
export * from './contract/ledger-event.js';
export type * from './contract/ledger-questions.js';
export type * from './contract/ledger.js';
export { AlarmStore, type KeptIncident, type KeptTally } from './alarms/alarm-store.js';
export { openLedger } from './open/open-ledger.js';
export { threadsBegun } from './threads/start-thread.js';
export { DeliveryStore } from './deliveries/delivery-store.js';
export type * from './deliveries/delivery-queue.js';
export type { DeliveryState } from './deliveries/delivery-tables.js';
export type { EventLog, EventPage } from './deliveries/event-log.js';
export { UnreadableSecretError } from './deliveries/secret-box.js';
export type * from './deliveries/subject-events.js';
export {
  cloudEvent,
  type CloudEvent,
  type EventFilter,
  OUTGOING_EVENT_TYPES,
  type OutgoingEvent,
  type OutgoingEventType,
} from './deliveries/outgoing-event.js';
export {
  type BodyTemplate,
  MAX_WEBHOOKS,
  type Webhook,
  type WebhookInput,
  type WebhookRegistry,
  type WebhookTarget,
} from './deliveries/webhook-registry.js';
