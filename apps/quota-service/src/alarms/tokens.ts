/** Injects the patterns of the alarms file. */
export const ALARM_PATTERNS = Symbol('AlarmPatterns');
/** Injects the `Webhook` that notifications are pushed to; null: there is none. */
export const ALARM_WEBHOOK = Symbol('AlarmWebhook');
