import { useTranslation } from 'react-i18next';
import { alarmText, type SayingAlarm } from './alarm-text.ts';

/** What an alarm is about, in the reader's language; the service's own words where it is of a kind that the console does not know. */
export function AlarmSentence({ alarm }: { readonly alarm: SayingAlarm }) {
  const { t, i18n } = useTranslation();
  const text = alarmText(alarm, (key, values) => (i18n.exists(key) ? t(key as never, values) : undefined));
  return text ?? <span lang="en">{alarm.summary}</span>;
}
