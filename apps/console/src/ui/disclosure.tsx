import { useState, type ReactNode } from 'react';

interface DisclosureProps {
  readonly summary: string;
  /** Called once it is open: what is closed costs nothing. */
  readonly children: () => ReactNode;
}

export function Disclosure({ summary, children }: DisclosureProps) {
  const [isOpen, setOpen] = useState(false);
  return (
    <details className="text-sm" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="cursor-pointer whitespace-nowrap text-accent underline">{summary}</summary>
      {isOpen && children()}
    </details>
  );
}

/** What the service answered, whole. */
export function RawJson({ value }: { readonly value: unknown }) {
  return (
    <Disclosure summary="JSON">
      {() => (
        <pre tabIndex={0} aria-label="JSON" className="mt-1 overflow-x-auto rounded bg-page p-2 text-xs">
          {JSON.stringify(value, undefined, 2)}
        </pre>
      )}
    </Disclosure>
  );
}
