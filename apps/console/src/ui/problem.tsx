import { useTranslation } from 'react-i18next';
import type { ApiError } from '../api/client.ts';
import { useInputText } from './said.tsx';

/** An error of the service: what happened in the reader's language, the service's own words about it, every error of the input, and how the log names the request. */
export function ProblemNote({ error }: { readonly error: ApiError | null | undefined }) {
  const { t, i18n } = useTranslation();
  const inputText = useInputText();
  if (!error?.problem) return null;
  const { title, detail, errors, requestId, code } = error.problem;
  return (
    <div role="alert" className="mb-3 rounded border border-bad p-3 text-sm">
      <p className="font-semibold text-bad">
        {i18n.exists(`problem_${code}`) ? t(`problem_${code}`) : title}
      </p>
      {errors?.length ? (
        <ul className="mt-1 list-disc pl-5">
          {errors.map((one, index) => {
            const { text, lang } = inputText(one);
            return (
              <li key={index}>
                {one.path && <code>{one.path}</code>} <span lang={lang}>{text}</span>
              </li>
            );
          })}
        </ul>
      ) : (
        detail && (
          <p className="mt-1" lang="en">
            {detail}
          </p>
        )
      )}
      {code === 'ledger-off' && (
        <>
          <p className="mt-1">{t('ledgerOff')}</p>
          <pre className="mt-2 overflow-x-auto rounded bg-page p-2 text-xs">SUNDIAL_LEDGER=on npm start</pre>
        </>
      )}
      {requestId && (
        <p className="mt-1 text-xs text-quiet">
          {t('requestId')} <code>{requestId}</code>
        </p>
      )}
    </div>
  );
}

export function Loading() {
  const { t } = useTranslation();
  return (
    <p role="status" className="text-sm text-quiet">
      {t('loading')}
    </p>
  );
}
