import { useTranslation } from 'react-i18next';
import { Field } from './basics.tsx';

interface ReasonProps {
  readonly value: string;
  readonly onChange: (reason: string) => void;
  readonly autoFocus?: boolean;
}

/** Why something is changed: it stands in the audit. */
export function Reason({ value, onChange, autoFocus }: ReasonProps) {
  const { t } = useTranslation();
  return (
    <Field
      label={t('reason')}
      value={value}
      maxLength={256}
      {...(autoFocus && { autoFocus })}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
