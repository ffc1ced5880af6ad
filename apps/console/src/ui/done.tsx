import type { ReactNode } from 'react';

/** What a write has done, for readers of the screen too. */
export function Done({ children }: { readonly children: ReactNode }) {
  return (
    <p role="status" className="mt-2 text-sm text-good">
      {children}
    </p>
  );
}
