import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useWrite } from '../api/queries.ts';
import { Button, Field } from '../ui/basics.tsx';
import { ProblemNote } from '../ui/problem.tsx';
import { Switches } from './switches.tsx';

/** Exchanges an admin key for a session. The page keeps no key. */
export function SignIn() {
  const { t } = useTranslation();
  const [key, setKey] = useState('');
  const signIn = useWrite();
  return (
    <main className="mx-auto mt-[12vh] w-[min(92vw,24rem)]">
      <h1 className="mb-4 text-2xl font-semibold">Sundial</h1>
      <form
        className="flex flex-col gap-3 rounded-lg border border-line bg-card p-4"
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate({ path: '/console/session', method: 'POST', body: { key } });
        }}
      >
        <ProblemNote error={signIn.error} />
        <Field
          label={t('adminKey')}
          hint={t('adminKeyHint')}
          type="password"
          autoComplete="current-password"
          value={key}
          onChange={(event) => setKey(event.target.value)}
          autoFocus
          required
        />
        <Button kind="primary" type="submit" disabled={signIn.isPending}>
          {t('signIn')}
        </Button>
      </form>
      <div className="mt-4">
        <Switches />
      </div>
    </main>
  );
}
