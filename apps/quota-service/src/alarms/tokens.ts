/** Injects the patterns of the alarms file. */
export const ALARM_PATTERNS = Symbol('AlarmPatterns');
/** Injects the `Webhook` that notices are pushed to; null: nowhere. */
export const ALARM_WEBHOOK = Symbol('AlarmWebhook');
