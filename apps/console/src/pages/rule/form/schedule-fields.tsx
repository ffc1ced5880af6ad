import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/types.ts';
import { Button } from '../../../ui/basics.tsx';
import { Tick } from '../../../ui/tick.tsx';
import { useWord } from '../../../ui/word.tsx';
import { ListAt, MaxAt, TextAt, withField } from './rule-fields.tsx';

type Schedule = Schemas['Schedule'];
type Day = NonNullable<Schedule['days']>[number];

const DAYS: readonly Day[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

interface SchedulesProps {
  readonly path: string;
  readonly schedules: readonly Schedule[];
  readonly onChange: (schedules: Schedule[] | undefined) => void;
}

/** Another max at certain times of the local clock. */
export function Schedules({ path, schedules, onChange }: SchedulesProps) {
  const { t } = useTranslation();
  const replace = (at: number, next: Schedule | undefined) => {
    const list = schedules.flatMap((each, index) => (index === at ? (next ? [next] : []) : [each]));
    onChange(list.length > 0 ? list : undefined);
  };
  return (
    <fieldset className="mt-3">
      <legend className="mb-1 text-sm font-semibold">{t('schedules')}</legend>
      {schedules.map((schedule, index) => (
        <ScheduleFields
          key={index}
          path={`${path}.${index}`}
          name={`${t('schedule')} ${index + 1}`}
          schedule={schedule}
          onChange={(next) => replace(index, next)}
        />
      ))}
      <Button onClick={() => onChange([...schedules, { days: ['sat', 'sun'], max: 20 }])}>
        {t('addSchedule')}
      </Button>
    </fieldset>
  );
}

interface ScheduleFieldsProps {
  readonly path: string;
  readonly name: string;
  readonly schedule: Schedule;
  readonly onChange: (schedule: Schedule | undefined) => void;
}

function ScheduleFields({ path, name, schedule, onChange }: ScheduleFieldsProps) {
  const { t } = useTranslation();
  const word = useWord();
  const { days = [], dates = [], from, to, max } = schedule;
  const setDays = (day: Day, isOn: boolean) => {
    const chosen = DAYS.filter((each) => (each === day ? isOn : days.includes(each)));
    onChange(withField(schedule, 'days', chosen.length > 0 ? chosen : undefined));
  };
  return (
    <fieldset className="mb-3 rounded border border-line p-3">
      <legend className="px-1 text-sm text-quiet">{name}</legend>
      <div className="mb-2 flex flex-wrap gap-3">
        {DAYS.map((day) => (
          <Tick
            key={day}
            label={word(day)}
            isOn={days.includes(day)}
            onChange={(isOn) => setDays(day, isOn)}
          />
        ))}
      </div>
      <div className="grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-5">
        <ListAt<string>
          path={`${path}.dates`}
          label={t('dates')}
          placeholder="2027-02-06/2027-02-12"
          value={dates}
          read={(text) => text}
          onChange={(list) => onChange(withField(schedule, 'dates', list.length > 0 ? list : undefined))}
        />
        <TextAt
          path={`${path}.from`}
          label={t('from')}
          placeholder="00:00"
          value={from}
          onChange={(text) => onChange(withField(schedule, 'from', text))}
        />
        <TextAt
          path={`${path}.to`}
          label={t('timeTo')}
          placeholder="24:00"
          value={to}
          onChange={(text) => onChange(withField(schedule, 'to', text))}
        />
        <MaxAt path={`${path}.max`} value={max} onChange={(value) => onChange({ ...schedule, max: value })} />
        <div className="self-end">
          <Button onClick={() => onChange(undefined)}>{t('removeSchedule')}</Button>
        </div>
      </div>
    </fieldset>
  );
}
