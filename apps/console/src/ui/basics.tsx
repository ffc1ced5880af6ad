import type { ButtonHTMLAttributes, ComponentProps, ReactNode } from 'react';
import { useEffect, useId, useRef } from 'react';

export { Row, Table } from './table.tsx';

type Kind = 'primary' | 'plain' | 'danger';

const KINDS: Readonly<Record<Kind, string>> = {
  primary: 'bg-accent text-on-accent border-accent',
  plain: 'bg-card text-ink border-line',
  danger: 'bg-card text-bad border-bad',
};

export function Button({
  kind = 'plain',
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { kind?: Kind }) {
  const look =
    'inline-flex items-center gap-1.5 rounded border px-3 py-1.5 text-sm whitespace-nowrap disabled:opacity-60';
  return <button type="button" {...rest} className={`${look} ${KINDS[kind]} ${rest.className ?? ''}`} />;
}

/** In a row of fields that wraps none is narrower than what can be read of it. */
const AROUND = 'flex min-w-[min(100%,8rem)] flex-1 flex-col gap-1';

const CONTROL =
  'h-9 w-full rounded border border-line bg-card px-2 py-1.5 text-sm text-ink disabled:opacity-70';

interface FieldProps extends ComponentProps<'input'> {
  readonly label: string;
  readonly hint?: string;
  /** What is wrong with what is typed. */
  readonly error?: string | undefined;
}

export function Field({ label, hint, error, ...rest }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className={AROUND}>
      <span className="text-sm text-quiet">
        <label htmlFor={id}>{label}</label>
        {hint && <span id={`${id}-hint`}> · {hint}</span>}
      </span>
      <input
        id={id}
        {...(described && { 'aria-describedby': described })}
        {...(error && { 'aria-invalid': true })}
        {...rest}
        className={error ? `${CONTROL} border-bad` : CONTROL}
      />
      {error && (
        <span id={`${id}-error`} className="text-xs text-bad">
          {error}
        </span>
      )}
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

interface SelectProps extends ComponentProps<'select'> {
  readonly label: string;
  readonly choices: readonly Choice[];
}

export function Select({ label, choices, ...rest }: SelectProps) {
  const id = useId();
  return (
    <div className={AROUND}>
      <label htmlFor={id} className="text-sm text-quiet">
        {label}
      </label>
      <select id={id} {...rest} className={CONTROL}>
        {choices.map(({ value, label: text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

export function Card({
  title,
  children,
  actions,
}: {
  title?: string;
  children: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <section className="mb-4 rounded-lg border border-line bg-card p-4">
      {(title !== undefined || actions !== undefined) && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          {title !== undefined && (
            <h2 tabIndex={-1} className="text-base font-semibold">
              {title}
            </h2>
          )}
          {actions && <div className="ml-auto">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}

/** Of a part of a card. */
export function Subheading({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  return (
    <div className="mb-1 flex flex-wrap items-center justify-between gap-2">
      <h3 className="text-sm font-semibold">{children}</h3>
      {actions}
    </div>
  );
}

/** Of a page, and of the browser's tab. */
export function PageTitle({ children }: { children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${heading.current?.textContent} · Sundial`;
  });
  useEffect(() => () => void (document.title = 'Sundial'), []);
  return (
    <h1 ref={heading} className="mb-4 text-xl font-semibold break-words">
      {children}
    </h1>
  );
}

/** What there is not, and the command that makes some. */
export function Empty({ children, command }: { children: ReactNode; command?: string }) {
  return (
    <div className="text-sm text-quiet">
      <p>{children}</p>
      {command && <pre className="mt-2 overflow-x-auto rounded bg-page p-2 text-xs text-ink">{command}</pre>}
    </div>
  );
}

export function Badge({ tone, children }: { tone: 'good' | 'warn' | 'bad' | 'quiet'; children: ReactNode }) {
  const tones = { good: 'text-good', warn: 'text-warn', bad: 'text-bad', quiet: 'text-quiet' };
  return (
    <span className={`rounded border border-line px-1.5 py-0.5 text-xs whitespace-nowrap ${tones[tone]}`}>
      {children}
    </span>
  );
}
