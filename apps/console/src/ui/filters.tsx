import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button, Field, Select, type Choice } from './basics.tsx';

export interface Filter {
  readonly name: string;
  readonly label: string;
  readonly hint?: string;
  readonly type?: 'datetime-local';
  /** What may be typed, offered as a list; other words may be typed too. */
  readonly offers?: readonly string[];
  /** All that it can be, by name; beside nothing. */
  readonly choices?: readonly Choice[];
}

export type Wanted = Readonly<Record<string, string>>;

/** The filters of the page's address. */
export function useWanted(): Wanted {
  return useSearch({ strict: false }) as Wanted;
}

/** From when to when, in which time zone: the same link shows the same to readers elsewhere. */
export function useSpanFilters(): readonly Filter[] {
  const { t } = useTranslation();
  return [
    { name: 'from', label: t('from'), type: 'datetime-local' },
    { name: 'to', label: t('to'), type: 'datetime-local' },
    { name: 'timeZone', label: t('timeZone') },
  ];
}

export function readersTimeZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

interface FiltersProps {
  readonly filters: readonly Filter[];
  readonly to: string;
  readonly wanted: Wanted;
  /** What else of the address stays: the filters of other lists of the page. */
  readonly keep?: readonly string[];
}

/** Fields of which the page's address is made, so that each combination has a link. */
export function Filters({ filters, to, wanted, keep = [] }: FiltersProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [typed, setTyped] = useState<Wanted>({});
  const valueOf = (name: string) =>
    typed[name] ?? wanted[name] ?? (name === 'timeZone' ? readersTimeZone() : '');
  return (
    <form
      className="mb-3 grid grid-cols-1 items-end gap-3 sm:grid-cols-2 lg:grid-cols-4"
      onSubmit={(event) => {
        event.preventDefault();
        const given = filters.map(({ name }) => [name, valueOf(name).trim()] as const);
        const kept = Object.entries(wanted).filter(([name]) => keep.includes(name));
        const search = Object.fromEntries([...kept, ...given.filter(([, value]) => value !== '')]);
        void navigate({ to, search: search as never });
      }}
    >
      {filters.map(({ name, label, hint, type, offers, choices }) =>
        choices ? (
          <Select
            key={name}
            label={label}
            choices={[{ value: '', label: t('any') }, ...choices]}
            value={valueOf(name)}
            onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
          />
        ) : (
          <div key={name} className="flex">
            <Field
              label={label}
              {...(hint && { hint })}
              {...(type && isLocalTime(valueOf(name)) && { type })}
              {...(offers && { list: `offers-${name}` })}
              value={valueOf(name)}
              onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
            />
            {offers && (
              <datalist id={`offers-${name}`}>
                {offers.map((offer) => (
                  <option key={offer} value={offer} />
                ))}
              </datalist>
            )}
          </div>
        ),
      )}
      <div>
        <Button type="submit" kind="primary">
          {t('show')}
        </Button>
      </div>
    </form>
  );
}

/** What a field for local times can show; a link may have an instant or a date instead. */
function isLocalTime(text: string): boolean {
  return text === '' || /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/.test(text);
}
