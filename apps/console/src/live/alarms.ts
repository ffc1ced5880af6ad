import type { Schemas } from '../api/types.ts';
import type { LiveFrame } from './live-state.ts';

/** What several nodes see is one alarm. */
interface AlarmOfNodes extends Readonly<Schemas['ReportedAlarm']> {
  readonly nodes: readonly string[];
}

interface AlarmsThatHold {
  readonly shown: readonly AlarmOfNodes[];
  /** Each node shows its first ones. */
  readonly more: number;
}

/** The alarms that hold, of all nodes, the gravest and oldest first. */
export function alarmsIn({ nodes }: LiveFrame): AlarmsThatHold {
  const byWords = new Map<string, AlarmOfNodes>();
  let more = 0;
  for (const { report } of nodes) {
    if (report === null) continue;
    more += report.alarms.active - report.alarms.shown.length;
    for (const alarm of report.alarms.shown) {
      const words = `${alarm.pattern} ${alarm.summary}`;
      const known = byWords.get(words);
      const first = known && known.raisedAt < alarm.raisedAt ? known : alarm;
      byWords.set(words, { ...first, nodes: [...(known?.nodes ?? []), report.name].sort() });
    }
  }
  const shown = [...byWords.values()].sort(
    (one, other) => one.class.localeCompare(other.class) || one.raisedAt.localeCompare(other.raisedAt),
  );
  return { shown, more };
}
